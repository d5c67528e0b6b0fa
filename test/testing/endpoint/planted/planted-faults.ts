import { CONDITIONS } from './faults/conditions.js';
import { CONNECTIONS } from './faults/connections.js';
import { EMPTY } from './faults/empty.js';
import { GET } from './faults/get.js';
import { HEAD } from './faults/head.js';
import { IF_RANGE } from './faults/resumption.js';
import { NO_RANGE } from './faults/no-range.js';
import { NOT_MODIFIED } from './faults/not-modified.js';
import { ONE_RANGE } from './faults/one-range.js';
import { PART_HEADERS } from './faults/part-headers.js';
import { SEVERAL_RANGES } from './faults/several-ranges.js';
import type { PlantedFault } from './planting.js';

export const PLANTED_FAULTS: readonly PlantedFault[] = [
  ...GET,
  ...ONE_RANGE,
  ...NO_RANGE,
  ...PART_HEADERS,
  ...SEVERAL_RANGES,
  ...HEAD,
  ...CONDITIONS,
  ...NOT_MODIFIED,
  ...IF_RANGE,
  ...CONNECTIONS,
  ...EMPTY,
];
