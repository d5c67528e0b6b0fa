import { Controller, Get, Param, type StreamableFile, type Type } from '@nestjs/common';
import { Ranged } from 'nestjs-range';
import { MODIFIED, MODIFIED_HEADER } from '../../../support/sources/fixtures.js';
import { BARE_ROWS, CONDITIONAL_ROWS, STRONG_TAG, WEAK_ROWS, WEAK_TAG } from './conditional-rows.js';
import type { Served } from './expect-outcome.js';
import type { Row } from './outcome.js';
import { EMPTY_ROWS, LARGE_ROWS, LARGE_SIZE, ONE_BYTE_ROWS, RANGE_ROWS, SIZE } from './range-rows.js';

/** Rows, the size of what they ask for, and the route that has its validators. */
export interface RowTable {
  readonly what: string;
  readonly route: 'strong' | 'weak' | 'bare';
  readonly size: number;
  readonly rows: readonly Row[];
}

export const ROW_TABLES: readonly RowTable[] = [
  { what: 'of 10,000 bytes', route: 'strong', size: SIZE, rows: RANGE_ROWS },
  { what: 'of no bytes', route: 'strong', size: 0, rows: EMPTY_ROWS },
  { what: 'of one byte', route: 'strong', size: 1, rows: ONE_BYTE_ROWS },
  { what: 'of many chunks', route: 'strong', size: LARGE_SIZE, rows: LARGE_ROWS },
  { what: 'under conditions', route: 'strong', size: SIZE, rows: CONDITIONAL_ROWS },
  { what: 'with a weak tag', route: 'weak', size: SIZE, rows: WEAK_ROWS },
  { what: 'without validators', route: 'bare', size: SIZE, rows: BARE_ROWS },
];

export const ROW_SIZES: readonly number[] = [...new Set(ROW_TABLES.map(({ size }) => size))];

export const ROW_TYPE = 'video/mp4';

/** The validators that responses of a route have. */
export const ROW_VALIDATORS: Readonly<Record<RowTable['route'], Pick<Served, 'etag' | 'lastModified'>>> = {
  strong: { etag: STRONG_TAG, lastModified: MODIFIED_HEADER },
  weak: { etag: WEAK_TAG, lastModified: MODIFIED_HEADER },
  bare: {},
};

/** @param make returns the file of a kind, by its place in `FILE_KINDS`, and a size */
export function rowController(
  make: (kind: number, size: number) => StreamableFile | Promise<StreamableFile>,
): Type<unknown> {
  @Controller()
  class RowController {
    @Get('strong/:kind/:size')
    @Ranged({ type: ROW_TYPE, etag: STRONG_TAG, lastModified: MODIFIED })
    strong(@Param('kind') kind: string, @Param('size') size: string) {
      return make(Number(kind), Number(size));
    }

    @Get('weak/:kind/:size')
    @Ranged({ type: ROW_TYPE, etag: WEAK_TAG, lastModified: MODIFIED })
    weak(@Param('kind') kind: string, @Param('size') size: string) {
      return make(Number(kind), Number(size));
    }

    @Get('bare/:kind/:size')
    @Ranged({ type: ROW_TYPE, etag: false, lastModified: false })
    bare(@Param('kind') kind: string, @Param('size') size: string) {
      return make(Number(kind), Number(size));
    }
  }
  return RowController;
}
