import { graphql } from '../../generated';

export const rowMemos = graphql(`
  query RowMemos($ids: [ID!]!) {
    tide {
      memos(ids: $ids) {
        nodeId
        memory {
          ...Tier
        }
        redis {
          ...Tier
        }
        lastChange {
          operation
          columns
          writer
          writerName
          seenAt
        }
      }
    }
  }

  fragment Tier on TierMemo {
    state
    missed
    ageSeconds
    remainingSeconds
  }
`);

export const dropMemo = graphql(`
  mutation DropMemo($id: ID!) {
    dropMemo(input: { id: $id }) {
      wasKept
    }
  }
`);
