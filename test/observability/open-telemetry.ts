import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { metrics } from '@opentelemetry/api';
import { classifyResponse, onRangeResponse } from 'nestjs-range';

@Injectable()
export class RangeTelemetry implements OnApplicationShutdown {
  private readonly meter = metrics.getMeter('nestjs-range');
  private readonly responses = this.meter.createCounter('range.responses');
  private readonly bytes = this.meter.createCounter('range.sent', { unit: 'By' });
  private readonly duration = this.meter.createHistogram('range.duration', { unit: 'ms' });

  private readonly stop = onRangeResponse((message) => {
    const attributes = { 'range.class': classifyResponse(message) };
    this.responses.add(1, attributes);
    this.bytes.add(message.bytesSent, attributes);
    this.duration.record(message.durationMs, attributes);
  });

  onApplicationShutdown(): void {
    this.stop();
  }
}
