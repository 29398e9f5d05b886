import { graphql } from '../../generated';

export const userSessions = graphql(`
  query UserSessions($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {
    user(id: $id) {
      id
      sessions(first: $first, after: $after, last: $last, before: $before) {
        totalCount
        nodes {
          id
          device
          createdAt
          lastSeenAt
          expiresAt
          isCurrent
        }
        pageInfo {
          hasNextPage
          hasPreviousPage
          startCursor
          endCursor
        }
      }
    }
  }
`);

export const revokeSession = graphql(`
  mutation RevokeSession($id: ID!) {
    revokeSession(input: { id: $id }) {
      revokedId
    }
  }
`);

export const revokeOtherSessions = graphql(`
  mutation RevokeOtherSessions {
    revokeOtherSessions {
      revokedCount
    }
  }
`);
