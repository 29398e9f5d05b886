import { graphql } from '../../generated';

export const userSessions = graphql(`
  query UserSessions($id: ID!, $after: String) {
    user(id: $id) {
      id
      sessions(first: 100, after: $after) {
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
