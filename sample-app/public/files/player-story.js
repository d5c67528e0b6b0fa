// What a player has requested and what came of it, in words.
import { exchangesOf, watchExchanges } from '../exchanges/exchanges.js';
import { count, statusInWords } from '../in-words.js';

export class PlayerStory {
  #player;
  #output;
  #path = '';
  #latestBefore;
  #hasJumped = false;

  constructor(player, output) {
    this.#player = player;
    this.#output = output;
    player.on(['seeking'], () => this.#jump());
    player.on(['seeked', 'loadedmetadata', 'error', 'emptied'], () => this.#tell());
    watchExchanges((exchange) => (exchange === undefined || exchange.path === this.#path) && this.#tell());
  }

  set path(path) {
    if (this.#path === path) return;
    this.#path = path;
    this.#hasJumped = false;
    this.#tell();
  }

  #jump() {
    this.#hasJumped ||= this.#player.position > 0 || this.#player.remembered !== undefined;
    this.#latestBefore = exchangesOf(this.#path).at(-1)?.id;
    this.#tell();
  }

  #tell() {
    const words = this.#words();
    if (this.#output.textContent !== words) this.#output.textContent = words; // the same is not to be read out again
  }

  #words() {
    const latest = exchangesOf(this.#path).at(-1);
    if (latest?.status >= 400) return statusInWords(latest.status);
    if (this.#player.error !== undefined)
      return 'The player gave up. Start the server again, or choose another source.';
    if (latest === undefined) return 'The player has requested nothing yet.';
    if (latest.status === undefined) return 'The player has requested the file, and waits for the answer.';
    return latest.status === 200 ? this.#whole() : this.#part(latest);
  }

  #whole() {
    const { remembered } = this.#player;
    const isGenerated = this.#path.startsWith('/generated/');
    const why = isGenerated
      ? 'The server is still making this file, and sends what it has: 200. It plays from its start.'
      : 'The server answered 200 and sends the whole file: it knows no ranges, so the seek bar is dead.';
    if (this.#player.seekableEnd > 0) return 'The file is complete now. Jump!';
    if (remembered === undefined) return isGenerated ? why : `${why} Try to jump.`;
    const then = isGenerated ? 'it jumps there when the file is complete.' : 'choose “After”, and it jumps there.';
    return `${why} ${at(remembered)} is remembered: ${then}`;
  }

  #part({ id, ranges, range }) {
    if (!this.#hasJumped)
      return 'The player read the beginning, and learnt that it can jump: 206 and Accept-Ranges. Now jump.';
    const position = at(this.#player.position);
    if (id === this.#latestBefore) return `${position} was loaded already: the jump needed no request.`;
    const from = count(ranges[0]?.firstPos ?? 0);
    return `For ${position} the player requested ${range}, and the server sends the file from byte ${from} on: 206.`;
  }
}

function at(second) {
  return `${Number(second.toFixed(1))} s`;
}
