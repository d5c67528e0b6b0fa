/**
 * Members that come and go by the thousand. A Set replaces its table as it grows and shrinks, and each old table still refers to
 * its members and to the next table. Once one of them is in the old generation, all that follow survive until it is collected.
 */
export class Roster<T extends object> implements Iterable<T> {
  private places: (T | undefined)[] = [];
  private free: number[] = [];

  get size(): number {
    return this.places.length - this.free.length;
  }

  /** Returns the member's place, for `leave`. */
  enter(member: T): number {
    const place = this.free.pop() ?? this.places.length;
    this.places[place] = member;
    return place;
  }

  /** Does nothing if the member is not there any more. */
  leave(place: number, member: T): void {
    if (this.places[place] !== member) return;
    this.places[place] = undefined;
    this.free.push(place);
  }

  clear(): void {
    this.places = [];
    this.free = [];
  }

  *[Symbol.iterator](): Generator<T> {
    for (const member of this.places) if (member !== undefined) yield member;
  }
}
