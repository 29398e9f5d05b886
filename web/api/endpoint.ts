/** Where GraphQL is served: beside the page, whichever path that has. */
export const endpoint = new URL('graphql', document.baseURI);

/** The same over WebSockets. */
export const socketEndpoint = new URL(endpoint);
socketEndpoint.protocol = endpoint.protocol === 'https:' ? 'wss:' : 'ws:';
