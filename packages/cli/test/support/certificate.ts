import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A certificate for localhost that is its own authority, as files. */
export interface CertificateFiles extends Disposable {
  readonly cert: string
  readonly key: string
  /** Both in one file. */
  readonly both: string
  /** The certificate itself. */
  readonly pem: string
}

/** Makes a certificate with openssl. */
export function createCertificate(): CertificateFiles {
  const folder = mkdtempSync(join(tmpdir(), 'wigwag-certificate-'))
  const [cert, key, both] = ['cert.pem', 'key.pem', 'both.pem'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const names = [
    '-subj',
    '/CN=Wigwag tests',
    '-addext',
    'subjectAltName=DNS:localhost,DNS:push.example.com,IP:127.0.0.1',
  ]
  execFileSync('openssl', ['req', '-x509', ...kind, ...names, '-keyout', key, '-out', cert], { stdio: 'pipe' })
  const pem = readFileSync(cert, 'utf8')
  writeFileSync(both, pem + readFileSync(key, 'utf8'), { mode: 0o600 })
  return { cert, key, both, pem, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
}
