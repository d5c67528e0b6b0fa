import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { classifyResponse, onRangeResponse } from 'nestjs-range';
import { Counter, Histogram, register } from 'prom-client';

const NAMES = ['range_responses_total', 'range_sent_bytes_total', 'range_response_seconds'];

@Injectable()
export class RangeMetrics implements OnApplicationShutdown {
  private readonly responses = new Counter({
    name: 'range_responses_total',
    help: 'Responses with files, by what became of them',
    labelNames: ['class'],
  });
  private readonly bytes = new Counter({
    name: 'range_sent_bytes_total',
    help: 'Bytes of files sent',
    labelNames: ['class'],
  });
  private readonly seconds = new Histogram({
    name: 'range_response_seconds',
    help: 'From the handler to the end of the response',
    labelNames: ['class'],
    buckets: [0.01, 0.1, 1, 10, 100, 1000],
  });

  private readonly stop = onRangeResponse((message) => {
    const labels = { class: classifyResponse(message) };
    this.responses.inc(labels);
    this.bytes.inc(labels, message.bytesSent);
    this.seconds.observe(labels, message.durationMs / 1000);
  });

  onApplicationShutdown(): void {
    this.stop(); // after the last transfers, which are counted too
    // Another app in this process, as of the next test, registers them again.
    for (const name of NAMES) register.removeSingleMetric(name);
  }
}
