import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from '@wigwag/testkit'
import { afterAll } from 'vitest'

/** A certificate for localhost that is its own authority, as files. */
export interface CertificateFiles {
  readonly cert: string
  readonly key: string
  /** Both in one file. */
  readonly both: string
  /** The certificate itself. */
  readonly pem: string
}

/** Whether a certificate can be made here. */
export const hasOpenssl: boolean = findProgram('openssl') !== undefined

let made: CertificateFiles | undefined
let folder: string | undefined

afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})

/** The certificate of this test file, made with openssl when it is asked for first. */
export function certificate(): CertificateFiles {
  made ??= create()
  return made
}

function create(): CertificateFiles {
  folder = mkdtempSync(join(tmpdir(), 'wigwag-certificate-'))
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem'), both: join(folder, 'both.pem') }
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const names = [
    '-subj',
    '/CN=Wigwag tests',
    '-addext',
    'subjectAltName=DNS:localhost,DNS:push.example.com,IP:127.0.0.1',
  ]
  const args = ['req', '-x509', ...kind, ...names, '-keyout', files.key, '-out', files.cert]
  execFileSync('openssl', args, { stdio: 'pipe' })
  const pem = readFileSync(files.cert, 'utf8')
  writeFileSync(files.both, pem + readFileSync(files.key, 'utf8'), { mode: 0o600 })
  return { ...files, pem }
}
