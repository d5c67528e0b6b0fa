// The parts of the page in which one watches and listens.
import { exchangesOf, watchExchanges } from '../exchanges/exchanges.js';
import { find } from '../find.js';
import { Player } from '../files/player.js';
import { PlayerStory } from '../files/player-story.js';

/** A player, and the elements beside it that tell of its file. */
export class MediaCard {
  player;
  #story;
  #path = '';
  #tellers;

  /** @param name of the media element, and how the ids of the others begin */
  constructor(name) {
    this.player = new Player(find(`#${name}`));
    this.#story = new PlayerStory(this.player, find(`#${name}-story`));
    this.#tellers = ['map', 'requests', 'making'].map((teller) => find(`#${name}-${teller}`));
    watchExchanges((exchange) => this.#jumpInWhatIsMade(exchange));
  }

  show(path, url) {
    this.#path = path;
    for (const teller of this.#tellers) teller.path = path;
    this.#story.path = path;
    this.player.load(url);
  }

  /**
   * While something is made it is sent without a length (200), and nobody can jump in it; when it is complete, it is as any
   * other file. Chrome stops a request whose film nobody plays after fifteen seconds: then it is time to look, too.
   */
  #jumpInWhatIsMade(exchange) {
    if (exchange?.path !== this.#path || !this.#path.startsWith('/generated/')) return;
    if (exchange.status !== 200 || (exchange.outcome !== 'complete' && exchange.outcome !== 'aborted')) return;
    if (exchangesOf(this.#path).some(({ outcome }) => outcome === undefined)) return;
    if (this.player.seekableEnd === 0) this.player.reopen();
  }
}
