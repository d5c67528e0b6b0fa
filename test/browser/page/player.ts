import type { Page } from 'playwright-core';

/** A `<video>` or `<audio>` of a page that has `player.in-page.js`. Positions are seconds. */
export class Player {
  private constructor(
    private readonly page: Page,
    private readonly selector: string,
  ) {}

  /** Waits until the element can show its first moment. */
  static async opened(page: Page, selector: string): Promise<Player> {
    const player = new Player(page, selector);
    await player.ask('opened');
    return player;
  }

  /** `seekableEnd` is the last position one can seek to. */
  state(): Promise<{ currentTime: number; duration: number; seekableEnd: number; videoWidth: number }> {
    return this.ask('state');
  }

  /** Asks for a position and waits until the element has done with it, whatever it did. */
  seek(position: number): Promise<void> {
    return this.ask('seek', position);
  }

  /** Where in the clip the frame shown was taken, read off its pixels. */
  pictureSecond(): Promise<number> {
    return this.ask('pictureSecond');
  }

  /** Plays until past `position`; the positions it came through. */
  play(position: number): Promise<readonly number[]> {
    return this.ask('play', position);
  }

  private ask<T>(what: string, ...args: readonly number[]): Promise<T> {
    return this.page.evaluate<T>(`player.${what}(${JSON.stringify([this.selector, ...args]).slice(1, -1)})`);
  }
}
