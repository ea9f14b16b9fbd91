import type { HttpWire } from './http-wire.ts'
import { type PublicationLine, toldOfLine } from './publication-lines.ts'
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
    const line = JSON.parse(text) as PublicationLine & { readonly retry?: number; readonly failure?: object }
    if (line.retry !== undefined) this.advise(line.retry)
    else if (line.failure !== undefined) this.finish({ how: 'close' })
    else if (Object.keys(line).length === 0) this.tell({ kind: 'keepalive' })
    else this.tell(toldOfLine(line))
  }
}
