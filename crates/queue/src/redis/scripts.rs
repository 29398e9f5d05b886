//! What Redis does in one atomic step each. A script is sent whole each time: Redis keeps the compiled form, and there is none to be
//! missing.

/// The keys that every script is given.
macro_rules! script {
    ($body:literal) => {
        concat!(
            r"
local ready, names, later, waiting, dead, letters, ticks = unpack(KEYS)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function whole(number)
    return string.format('%.0f', number)
end
local function enqueue(name, attempts, job)
    local id = redis.call('XADD', ready, '*', 'name', name, 'attempts', whole(attempts), 'job', job)
    redis.call('HSET', names, name, id)
end
local function is_in_stream(name)
    local id = redis.call('HGET', names, name)
    local entry = id and redis.call('XRANGE', ready, id, id)[1]
    -- A stream that was lost begins anew, and may give an id a second time within a millisecond.
    return entry and entry[2][2] == name
end
local function is_scheduled(name)
    return redis.call('ZSCORE', later, name) and redis.call('HEXISTS', waiting, name) == 1
end
local function schedule(name, attempts, job, at)
    redis.call('ZADD', later, whole(at), name)
    redis.call('HSET', waiting, name, cmsgpack.pack({attempts, job}))
end
local function unschedule(name)
    local value = redis.call('HGET', waiting, name)
    redis.call('ZREM', later, name)
    redis.call('HDEL', waiting, name)
    if value then
        return unpack(cmsgpack.unpack(value))
    end
end
local function exhume(name)
    redis.call('ZREM', dead, name)
    redis.call('HDEL', letters, name)
end
local function bury(name, attempts, job, reason, rest, most)
    redis.call('ZADD', dead, whole(now), name)
    redis.call('HSET', letters, name, cmsgpack.pack({attempts, now + rest, reason, job}))
    for _, oldest in ipairs(redis.call('ZRANGE', dead, 0, -1 - most)) do
        exhume(oldest)
    end
end
local function remove(id, name)
    local was_held = redis.call('XACK', ready, 'workers', id) == 1
    if was_held then
        redis.call('XDEL', ready, id)
        if redis.call('HGET', names, name) == id then
            redis.call('HDEL', names, name)
        end
    end
    return was_held
end
local function fields(id)
    local entry = redis.call('XRANGE', ready, id, id)[1]
    if not entry then
        redis.call('XACK', ready, 'workers', id)
        return
    end
    local found = {}
    for index = 1, #entry[2], 2 do
        found[entry[2][index]] = entry[2][index + 1]
    end
    return found.name or ('unreadable ' .. id), tonumber(found.attempts) or 0, found.job or ''
end
local function push(name, at, job, room)
    if is_in_stream(name) then
        return 'known'
    end
    if is_scheduled(name) then
        local due = tonumber(redis.call('ZSCORE', later, name))
        local attempts = unpack(cmsgpack.unpack(redis.call('HGET', waiting, name)))
        if attempts == 0 and at < due then
            unschedule(name)
            if at <= now then enqueue(name, 0, job) else schedule(name, 0, job, at) end
        end
        return 'known'
    end
    local letter = redis.call('HGET', letters, name)
    if letter and redis.call('ZSCORE', dead, name) and cmsgpack.unpack(letter)[2] > now then
        return 'known'
    end
    if room <= 0 then
        return 'full'
    end
    if letter then
        exhume(name)
    end
    if at <= now then enqueue(name, 0, job) else schedule(name, 0, job, at) end
    return 'queued'
end
local function room(capacity)
    return capacity - redis.call('XLEN', ready) - redis.call('ZCARD', later)
end
",
            $body
        )
    };
}

/// Queues jobs. ARGV: the capacity, then name, time (0: now) and job of each. Answers for each.
pub(super) const PUSH: &str = script!(
    r"
local left = room(tonumber(ARGV[1]))
local answers = {}
for index = 2, #ARGV, 3 do
    local answer = push(ARGV[index], tonumber(ARGV[index + 1]), ARGV[index + 2], left)
    if answer == 'queued' then left = left - 1 end
    answers[#answers + 1] = answer
end
return answers
"
);

/// Makes sure that there is somebody to deliver to.
pub(super) const PREPARE: &str = r"
local made = redis.pcall('XGROUP', 'CREATE', KEYS[1], 'workers', '0', 'MKSTREAM')
return made.err and not string.find(made.err, 'BUSYGROUP') and made or 1
";

/// A job is done. ARGV: its entry and name. Without effect if it was taken from whoever says so.
pub(super) const DONE: &str = r"
if redis.call('XACK', KEYS[1], 'workers', ARGV[1]) == 1 then
    redis.call('XDEL', KEYS[1], ARGV[1])
    if redis.call('HGET', KEYS[2], ARGV[2]) == ARGV[1] then
        redis.call('HDEL', KEYS[2], ARGV[2])
    end
end
return 1
";

/// A job has failed. ARGV: its entry, name, attempts and job; then the pause before the next attempt; or else none, the reason, how
/// long the dead job rests, and how many dead ones are kept. Without effect if it was taken from whoever says so.
pub(super) const FAIL: &str = script!(
    r"
local id, name, attempts, job = unpack(ARGV, 1, 4)
if not remove(id, name) then
    return 0
end
if ARGV[5] ~= '' then
    schedule(name, tonumber(attempts), job, now + ARGV[5])
else
    bury(name, tonumber(attempts), job, ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8]))
end
return 1
"
);

/// Entries are still worked on. ARGV: node, entries. Those that were taken from it are pending for nobody, so it claims none of them.
pub(super) const EXTEND: &str = r"
local arguments = {'XCLAIM', KEYS[1], 'workers', ARGV[1], 0, unpack(ARGV, 2)}
arguments[#arguments + 1] = 'JUSTID'
redis.pcall(unpack(arguments))
return 1
";

/// Gives everything back that a node holds, with no attempt counted, and forgets the node. ARGV: node. Answers how much.
pub(super) const GIVE_BACK: &str = script!(
    r"
local held = redis.pcall('XPENDING', ready, 'workers', '-', '+', 10000, ARGV[1])
if held.err then
    return 0
end
for _, one in ipairs(held) do
    local name, attempts, job = fields(one[1])
    if name then
        remove(one[1], name)
        enqueue(name, attempts, job)
    end
end
redis.call('XGROUP', 'DELCONSUMER', ready, 'workers', ARGV[1])
return #held
"
);

/// Queues what is due, takes back what nobody has worked on for too long, and tidies up. ARGV: how many at most, the visibility
/// timeout, attempts, rest, how many dead ones are kept, after what time a silent node is forgotten. Answers how long it is until
/// something else is due.
pub(super) const UPKEEP: &str = script!(
    r"
local most, visibility, limit, rest, kept, forgotten = unpack(ARGV)
limit, kept = tonumber(limit), tonumber(kept)
for _, name in ipairs(redis.call('ZRANGEBYSCORE', later, '-inf', whole(now), 'LIMIT', 0, most)) do
    local attempts, job = unschedule(name)
    if attempts then
        enqueue(name, attempts, job)
    end
end

local abandoned = redis.pcall('XPENDING', ready, 'workers', 'IDLE', visibility, '-', '+', most)
for _, one in ipairs(abandoned) do
    local name, attempts, job = fields(one[1])
    if name then
        remove(one[1], name)
        attempts = attempts + 1
        if attempts < limit then
            enqueue(name, attempts, job)
        else
            bury(name, attempts, job, 'whoever ran it went away each time', tonumber(rest), kept)
        end
    end
end

local nodes = redis.pcall('XINFO', 'CONSUMERS', ready, 'workers')
for _, node in ipairs(nodes) do
    local about = {}
    for index = 1, #node, 2 do
        about[node[index]] = node[index + 1]
    end
    if about.pending == 0 and about.idle > tonumber(forgotten) then
        redis.call('XGROUP', 'DELCONSUMER', ready, 'workers', about.name)
    end
end

-- A Redis that evicts may have lost one key and not another.
if redis.call('XLEN', ready) == 0 then redis.call('UNLINK', names) end
if redis.call('ZCARD', later) == 0 then redis.call('UNLINK', waiting) end
if redis.call('ZCARD', dead) == 0 then redis.call('UNLINK', letters) end

local next = redis.call('ZRANGE', later, 0, 0, 'WITHSCORES')[2]
return next and whole(math.max(0, next - now)) or ''
"
);

/// Queues those recurring jobs whose tick nobody has had. ARGV: the capacity, then name, period and job of each.
pub(super) const TICK: &str = script!(
    r"
for index = 2, #ARGV, 3 do
    local name, tick = ARGV[index], math.floor(now / ARGV[index + 1])
    local last = tonumber(redis.call('HGET', ticks, name) or '-2')
    -- The one after this has been had where the clock was set back a little.
    if last ~= tick and last ~= tick + 1 and push(name, 0, ARGV[index + 2], room(tonumber(ARGV[1]))) ~= 'full' then
        redis.call('HSET', ticks, name, whole(tick))
    end
end
return 1
"
);

/// How many jobs are where.
pub(super) const LENGTHS: &str = script!(
    r"
local held = redis.pcall('XPENDING', ready, 'workers')
local running = held.err and 0 or held[1]
return {
    whole(redis.call('XLEN', ready) - running), whole(running), whole(redis.call('ZCARD', later)), whole(redis.call('ZCARD', dead)),
}
"
);

/// What is queued, running or scheduled. ARGV: how many at most. Answers place, name, attempts, time and job of each.
pub(super) const LIST: &str = script!(
    r"
local held = {}
for _, one in ipairs(redis.pcall('XPENDING', ready, 'workers', '-', '+', ARGV[1])) do
    held[one[1]] = true
end
local found = {}
local function add(place, name, attempts, at, job)
    for _, part in ipairs({place, name, whole(attempts), whole(at), job}) do
        found[#found + 1] = part
    end
end
for _, entry in ipairs(redis.call('XRANGE', ready, '-', '+', 'COUNT', ARGV[1])) do
    local name, attempts, job = fields(entry[1])
    add(held[entry[1]] and 'running' or 'queued', name, attempts, string.match(entry[1], '^%d+'), job)
end
local left = ARGV[1] - #found / 5
if left > 0 then
    local scheduled = redis.call('ZRANGE', later, 0, left - 1, 'WITHSCORES')
    for index = 1, #scheduled, 2 do
        local value = redis.call('HGET', waiting, scheduled[index])
        if value then
            local attempts, job = unpack(cmsgpack.unpack(value))
            add('scheduled', scheduled[index], attempts, scheduled[index + 1], job)
        end
    end
end
return found
"
);

/// The dead jobs, the latest first. ARGV: how many at most. Answers name, attempts, time, reason and job of each.
pub(super) const LETTERS: &str = script!(
    r"
local found = {}
local latest = redis.call('ZREVRANGE', dead, 0, ARGV[1] - 1, 'WITHSCORES')
for index = 1, #latest, 2 do
    local value = redis.call('HGET', letters, latest[index])
    if value then
        local attempts, _, reason, job = unpack(cmsgpack.unpack(value))
        for _, part in ipairs({latest[index], whole(attempts), latest[index + 1], reason, job}) do
            found[#found + 1] = part
        end
    end
end
return found
"
);

/// Queues dead jobs again. ARGV: their names; with none, all. Answers how many.
pub(super) const RETRY: &str = script!(
    r"
local wanted = #ARGV > 0 and ARGV or redis.call('ZRANGE', dead, 0, -1)
local count = 0
for _, name in ipairs(wanted) do
    local value = redis.call('HGET', letters, name)
    exhume(name)
    if value then
        count = count + 1
        if not is_in_stream(name) and not is_scheduled(name) then
            enqueue(name, 0, cmsgpack.unpack(value)[4])
        end
    end
end
return count
"
);
