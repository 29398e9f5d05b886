import { graphql } from '../../generated';

export const operationsNow = graphql(`
  query OperationsNow {
    tide {
      server
      now
      operations(first: 100) {
        name
        document
        count
        remembered
        failed
        cached
        database
        totalSeconds
        gateSeconds
        redisSeconds
        databaseSeconds
        misses {
          reason
          count
        }
      }
    }
  }
`);

export const documentText = graphql(`
  query DocumentText($document: String!) {
    tide {
      documentText(document: $document)
    }
  }
`);
