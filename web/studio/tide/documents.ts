import { graphql } from '../../generated';

export const tideNow = graphql(`
  query TideNow {
    tide {
      server
      now
      mark {
        position
      }
      memoryBytes
      polls {
        polls
        passes
        isFailing
        followers
        waits {
          ...Durations
        }
      }
      redis {
        isReachable
        droppedWrites
        latency {
          ...Durations
        }
      }
      database {
        latency {
          ...Durations
        }
      }
      spaces {
        name
        memoryHits
        redisHits
        joined
        fills
        invalidations
        needless
        misses {
          reason
          count
        }
      }
    }
  }

  fragment Durations on DurationStatistics {
    buckets {
      upToSeconds
      count
    }
  }
`);

export const tideChanges = graphql(`
  query TideChanges {
    tide {
      server
      changes(last: 100) {
        ...Change
      }
    }
  }

  fragment Change on TideChange {
    server
    table
    operation
    row
    columns
    dependencies
    writer
    writerName
    transaction
    seenAt
    position
  }
`);

export const tideChanged = graphql(`
  subscription TideChanged {
    tideChanged {
      ...Change
    }
  }
`);
