// A module, because it runs after the deferred scripts. A file, because the page's policy runs no script that is written into it.
const defaultQuery = await (await fetch('default.graphql')).text();
const fetcher = GraphiQL.createFetcher({ url: '/graphql' });
const logo = React.createElement(GraphiQL.Logo, null, 'Tidewater');
const page = React.createElement(GraphiQL, { fetcher, defaultQuery }, logo);
ReactDOM.createRoot(document.getElementById('graphiql')).render(page);
