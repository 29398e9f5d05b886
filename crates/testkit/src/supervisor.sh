# Runs "$@" for a test process that holds the other end of stdin, and ends it when that end is closed, however the
# test process went. Each line on stdin names a signal to pass on; "sent" on stdout says that it was.
last_signal=$1 directory=$2 output=$3
shift 3
exec 3<&0
"$@" </dev/null >&"$output" 3<&- &
child=$!
(
    while read -r signal; do
        kill -s "$signal" "$child"
        echo sent
    done
    trap '' TERM
    kill -s "$last_signal" "$child" 2>/dev/null
    # It may be paused.
    kill -s CONT "$child" 2>/dev/null
    exit 0
) <&3 &
watcher=$!
exec 3<&-
# The shell says that its child was killed, where nobody may read any more.
trap '' PIPE
wait "$child"
status=$?
kill "$watcher" 2>/dev/null
# The watcher ends by itself only at the end of stdin: then nobody can start the child again on its directory.
if wait "$watcher" 2>/dev/null && [ -n "$directory" ]; then
    rm -rf "$directory"
fi
# libfaketime, where it is loaded, cleans up after programs only that end in a way which not every shell does.
[ -z "$FAKETIME_SHARED" ] || rm -f "/dev/shm/faketime_shm_$$" "/dev/shm/sem.faketime_sem_$$"
exit "$status"
