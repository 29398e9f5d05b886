/// What keeps a read fresh. Each can be switched off, to see that the checker finds out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protections {
    /// A request passes the gate by a poll that began after it arrived; otherwise a poll under way will do.
    pub gate_waits_for_a_later_poll: bool,
    /// A poll's changes are in the TideTable before its position is published.
    pub noted_before_published: bool,
    /// A poll's changes are in the TideTable before the ring holds its mark.
    pub noted_before_ring: bool,
    /// A poll asks again for what was running at the last mark; otherwise it goes on from the highest id seen.
    pub marks_tell_what_is_running: bool,
    /// A poll starts over if the floor is past its last mark.
    pub floor_is_checked: bool,
    /// A poll starts over if it finds another generation.
    pub generation_is_checked: bool,
    /// Redis keys and the ring carry the generation.
    pub keys_carry_the_generation: bool,
    /// A memo's `as_of` is the position from before its source was read.
    pub as_of_before_read: bool,
    /// The mark of a value in Redis is that from before its source was read.
    pub mark_before_read: bool,
    /// A reader joins only flights that began at its position or later.
    pub joins_only_later_flights: bool,
    /// What memory holds is checked when it is used.
    pub memory_is_validated: bool,
    /// What Redis holds is checked when it is used.
    pub redis_is_validated: bool,
    /// After starting over nothing that was read before is valid.
    pub restart_forgets: bool,
}

impl Protections {
    /// All of them: the protocol as it is.
    pub const ALL: Self = Self {
        gate_waits_for_a_later_poll: true,
        noted_before_published: true,
        noted_before_ring: true,
        marks_tell_what_is_running: true,
        floor_is_checked: true,
        generation_is_checked: true,
        keys_carry_the_generation: true,
        as_of_before_read: true,
        mark_before_read: true,
        joins_only_later_flights: true,
        memory_is_validated: true,
        redis_is_validated: true,
        restart_forgets: true,
    };
}
