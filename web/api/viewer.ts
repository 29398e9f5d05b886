import type { GraphQLAnswer } from './message';
import { post } from './post';

/** Who is signed in. */
export interface Viewer {
  id: string;
  name: string;
  email: string | null;
  role: 'USER' | 'ADMIN' | null;
}

type Listener = () => void;

const FIELDS = 'id name email role';

/** Undefined until the server was asked. */
let viewer: Viewer | null | undefined;
const listeners = new Set<Listener>();
/** Counts requests, so that an answer that comes late is not taken for the newest. */
let asked = 0;

/** Who is signed in, as far as is known: null if nobody is, undefined until the server was asked. */
export function currentViewer(): Viewer | null | undefined {
  return viewer;
}

/** Has `listener` called whenever somebody else is signed in. Returns what ends that. */
export function onViewerChange(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Asks the server who is signed in. */
export async function refreshViewer(): Promise<void> {
  const request = ++asked;
  const { answer } = await post<{ viewer: Viewer | null }>({ query: `{ viewer { ${FIELDS} } }` });
  if (request === asked && answer.data) {
    become(answer.data.viewer);
  }
}

/** Signs in by a cookie that scripts cannot read. Returns why it failed, or null. */
export async function signIn(email: string, password: string): Promise<string | null> {
  const query = `mutation SignIn($input: SignInInput!) { signIn(input: $input) { viewer { ${FIELDS} } } }`;
  const { answer } = await post<{ signIn: { viewer: Viewer } }>({ query, variables: { input: { email, password } } });
  return settle(answer, answer.data?.signIn?.viewer ?? null);
}

/** Signs out. Returns why it failed, or null. */
export async function signOut(): Promise<string | null> {
  const { answer } = await post({ query: 'mutation SignOut { signOut { user { id } } }' });
  return settle(answer, null);
}

function settle(answer: GraphQLAnswer<unknown>, viewer: Viewer | null): string | null {
  const [failure] = answer.errors ?? [];
  if (failure) {
    return failure.message;
  }
  asked += 1;
  become(viewer);
  return null;
}

function become(next: Viewer | null): void {
  if (viewer !== undefined && JSON.stringify(viewer) === JSON.stringify(next)) {
    return;
  }
  viewer = next;
  listeners.forEach((listener) => listener());
}
