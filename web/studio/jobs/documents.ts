import { graphql } from '../../generated';

export const jobsNow = graphql(`
  query JobsNow {
    tide {
      jobs {
        counts {
          queued
          running
          scheduled
          dead
        }
        dead(first: 200) {
          name
          attempts
          diedAt
        }
      }
    }
  }
`);

export const retryJobs = graphql(`
  mutation RetryJobs($names: [String!]!) {
    retryJobs(input: { names: $names }) {
      retried
    }
  }
`);
