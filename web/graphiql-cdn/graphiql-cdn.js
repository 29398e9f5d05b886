// A module, because it runs after the deferred scripts. A file, because the page's policy runs no script that is written into it.
const url = new URL('graphql', document.baseURI).href;
const defaultQuery = await (await fetch('default.graphql')).text();
const answerOnce = GraphiQL.createFetcher({ url, enableIncrementalDelivery: false });

// Subscriptions and live queries are answered more than once, by an event stream.
const { getOperationAST, parse } = GraphiQL.GraphQL;
const isAnsweredOften = ({ query, operationName }) => {
  try {
    const operation = getOperationAST(parse(query), operationName);
    return operation?.operation === 'subscription' || operation?.directives?.some(({ name }) => name.value === 'live');
  } catch {
    // The server says what is wrong with it.
    return false;
  }
};
const fetcher = (request, options) => {
  if (!isAnsweredOften(request)) {
    return answerOnce(request, options);
  }
  const client = graphqlSse.createClient({ url, headers: options?.headers, retryAttempts: 0 });
  return { subscribe: (listener) => ({ unsubscribe: client.subscribe(request, listener) }) };
};

const logo = React.createElement(GraphiQL.Logo, null, 'Tidewater');
const page = React.createElement(GraphiQL, { fetcher, defaultQuery }, logo);
ReactDOM.createRoot(document.getElementById('graphiql')).render(page);
