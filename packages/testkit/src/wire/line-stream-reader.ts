import type { HttpWire } from './http-wire.ts'
import { toldOfLine } from './publication-lines.ts'
import { openStream, StreamReader } from './stream-reader.ts'
import type { ReaderOptions } from './wire-reader.ts'

/** A subscriber to a stream of lines, each a JSON object (NDJSON). */
export class LineStreamReader extends StreamReader {
  private constructor(options: ReaderOptions, wire: HttpWire) {
    super(options, wire)
  }

  /** Comes in. Rejects with `ReaderRefused`. */
  static open(port: number, options: ReaderOptions): Promise<LineStreamReader> {
    return openStream(port, options, 'application/x-ndjson', (wire) => new LineStreamReader(options, wire))
  }

  protected line(text: string): void {
    if (text.trim() === '') this.tell({ kind: 'keepalive' })
    else this.tell(toldOfLine(JSON.parse(text) as Parameters<typeof toldOfLine>[0]))
  }
}
