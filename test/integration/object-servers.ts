import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { until } from '../support/until.js';

/** The number of a node of Swift: each has a replica of every object, and a server for them. */
export type ObjectNode = 1 | 2 | 3;
const NODES: readonly ObjectNode[] = [1, 2, 3];

/** The object servers that `swift/start.sh` has started in a directory. */
export class ObjectServers {
  private killed: ObjectNode | undefined;

  constructor(
    private readonly directory: string,
    private readonly proxyPort: number,
  ) {}

  /** Those that somebody is connected to: the proxy opens a connection for each request. */
  feeding(): ObjectNode[] {
    const sockets = readFileSync('/proc/net/tcp', 'utf8').split('\n');
    return NODES.filter((node) => {
      const port = this.portOf(node).toString(16).toUpperCase().padStart(4, '0');
      const established = new RegExp(`^ *\\d+: [0-9A-F]{8}:${port} [0-9A-F:]{13} 01 `);
      return sockets.some((socket) => established.test(socket));
    });
  }

  /** Kills the one that feeds the only transfer that is under way. Never more than one at once. */
  async killFeeding(): Promise<ObjectNode> {
    assert.equal(this.killed, undefined);
    await until(() => this.feeding().length === 1, 'one object server to feed');
    const [node] = this.feeding();
    assert(node !== undefined);
    process.kill(Number(readFileSync(this.pidFile(node), 'utf8')), 'SIGKILL');
    this.killed = node;
    await until(() => !this.feeding().includes(node), 'the object server to be gone');
    return node;
  }

  /** Starts the one that was killed again, where one was, and resolves when it listens. */
  async revive(): Promise<void> {
    const node = this.killed;
    if (node === undefined) return;
    const log = openSync(join(this.directory, 'log', `object-${node}`), 'a');
    const config = join(this.directory, 'etc', `object-${node}.conf`);
    const server = spawn('swift-object-server', [config], { stdio: ['ignore', log, log] });
    writeFileSync(this.pidFile(node), String(server.pid));
    while (!(await listens(this.portOf(node)))) assert.equal(server.exitCode, null, 'the object server has ended');
    this.killed = undefined;
  }

  private portOf(node: ObjectNode): number {
    return this.proxyPort + 5 * node; // see start.sh
  }

  private pidFile(node: ObjectNode): string {
    return join(this.directory, 'run', `object-${node}.pid`);
  }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false; // refused
  } finally {
    socket.destroy();
  }
}
