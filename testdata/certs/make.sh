#!/usr/bin/env bash
# Makes the certificates that the tests use, anew. Valid for a hundred years, and for tests only: their keys are public.
set -euo pipefail
cd -- "${BASH_SOURCE[0]%/*}"

authority() { # NAME: a certificate authority of its own
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj "/CN=gymbridge test $1" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign -keyout "$1.key" -out "$1.pem"
}

certificate() { # NAME AUTHORITY USAGE [SUBJECT_ALTERNATIVE_NAMES]
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=gymbridge test $1" \
    -keyout "$1.key" -out "$1.csr"
  openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -days 36500 -out "$1.pem" -extfile <(
    echo "basicConstraints=critical,CA:FALSE"
    echo "extendedKeyUsage=$3"
    if [[ -n ${4:-} ]]; then echo "subjectAltName=$4"; fi
  )
  rm "$1.csr"
}

authority ca
authority other-ca
certificate server ca serverAuth DNS:localhost,IP:127.0.0.1,IP:::1
certificate client ca clientAuth
certificate other-client other-ca clientAuth
rm ca.key other-ca.key ca.srl other-ca.srl 2>/dev/null || true
