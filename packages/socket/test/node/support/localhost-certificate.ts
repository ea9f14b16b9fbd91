/**
 * A certificate for localhost, 127.0.0.1 and ::1, signed by itself and valid from 2020 to 2120. It protects nothing.
 * Made once with `openssl ecparam -genkey -name prime256v1`, `openssl req -new -subj '/CN=Wigwag tests'` and
 * `openssl ca -selfsign -startdate 20200101000000Z -enddate 21200101000000Z`, with basicConstraints CA:TRUE and
 * subjectAltName DNS:localhost, IP:127.0.0.1, IP:::1.
 */
export const LOCALHOST_CERTIFICATE = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgd3SrVlTAP//cAqKU
7YKT3/4+nhKEEFjAgO2P8G4FxEChRANCAARhA3wYcIkfoM9jq3cozfEJly2qBngm
B7lo4z2tBtm5ct6tQdwW9E1yuOLfyr/eETvcOPOe35OzFj30DLEsRvg0
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBfjCCASWgAwIBAgIBATAKBggqhkjOPQQDAjAXMRUwEwYDVQQDDAxXaWd3YWcg
dGVzdHMwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBcxFTATBgNV
BAMMDFdpZ3dhZyB0ZXN0czBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABGEDfBhw
iR+gz2OrdyjN8QmXLaoGeCYHuWjjPa0G2bly3q1B3Bb0TXK44t/Kv94RO9w4857f
k7MWPfQMsSxG+DSjYDBeMA8GA1UdEwEB/wQFMAMBAf8wLAYDVR0RBCUwI4IJbG9j
YWxob3N0hwR/AAABhxAAAAAAAAAAAAAAAAAAAAABMB0GA1UdDgQWBBSgAwR69Ktx
SWTsyJIF9yHArZH0WzAKBggqhkjOPQQDAgNHADBEAiBscFwDVEAAc/yaJkKamgXX
WeLSQ3QinRjQNbfmdHTwXwIgDVELN4Rnz49h4KUW2eW/OQzCKhiURbS9KLKwDRuO
5hM=
-----END CERTIFICATE-----
`,
}
