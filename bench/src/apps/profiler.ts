import { Session } from 'node:inspector/promises';

/** Whose code the main thread was in, or what it did for it: in hundredths of its time. */
export type Shares = Readonly<Record<Owner, number>>;

export type Owner =
  'ours' | 'Nest' | 'rxjs' | 'framework' | 'Node.js' | 'read' | 'write' | 'garbage collector' | 'rest';

const SAMPLING_INTERVAL_US = 250;

/** Profiles the main thread between two orders of the parent, and answers the second with the shares. */
export function profileOnOrder(): void {
  const session = new Session();
  process.on('message', (order) => {
    void (order === 'profile' ? begin(session) : end(session)).then((answer) => process.send?.(answer));
  });
}

async function begin(session: Session): Promise<'begun'> {
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLING_INTERVAL_US });
  await session.post('Profiler.start');
  return 'begun';
}

async function end(session: Session): Promise<Shares> {
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  const owners = new Map(profile.nodes.map(({ id, callFrame }) => [id, ownerOf(callFrame)]));
  const shares = { ...NONE };
  let total = 0;
  profile.samples?.forEach((id, i) => {
    const owner = owners.get(id);
    if (owner === undefined) return;
    const time = profile.timeDeltas?.[i] ?? 0;
    shares[owner] += time;
    total += time;
  });
  for (const owner of Object.keys(shares) as Owner[]) shares[owner] *= 100 / total;
  return shares;
}

const NONE: Record<Owner, number> = {
  ours: 0,
  Nest: 0,
  rxjs: 0,
  framework: 0,
  'Node.js': 0,
  read: 0,
  write: 0,
  'garbage collector': 0,
  rest: 0,
};

/** `undefined`: nobody, it is idle. A function of C++ has no URL. */
function ownerOf({ url, functionName }: { readonly url: string; readonly functionName: string }): Owner | undefined {
  if (functionName === '(idle)') return undefined;
  if (functionName === '(garbage collector)') return 'garbage collector';
  if (url === '') return NATIVE.get(functionName) ?? 'rest';
  if (url.startsWith('node:')) return 'Node.js';
  if (!url.includes('/node_modules/')) return url.includes('/bench/') ? 'rest' : 'ours';
  if (url.includes('/node_modules/@nestjs/')) return 'Nest';
  return url.includes('/node_modules/rxjs/') ? 'rxjs' : 'framework';
}

const NATIVE: ReadonlyMap<string, Owner> = new Map([
  ['read', 'read'],
  ['writev', 'write'],
  ['writeBuffer', 'write'],
  ['writeLatin1String', 'write'],
  ['writeUtf8String', 'write'],
]);
