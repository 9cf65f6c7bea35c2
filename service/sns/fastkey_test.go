package sns

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"math/rand/v2"
	"testing"
	"time"
)

func TestSignaturesAreOrdinaryOnes(t *testing.T) {
	for seed := range uint64(10) {
		row, err := newSigningKey(rand.NewPCG(seed, 1), "eu-central-1", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode([]byte(row.Certificate))
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		public := cert.PublicKey.(*rsa.PublicKey)
		if public.N.BitLen() != 2048 {
			t.Fatalf("the modulus has %d bits", public.N.BitLen())
		}
		key := newFastKey(row.Primes)
		one, two := sha1.Sum([]byte("text")), sha256.Sum256([]byte("text"))
		for hash, digest := range map[crypto.Hash][]byte{crypto.SHA1: one[:], crypto.SHA256: two[:]} {
			signature, err := key.Sign(nil, digest, hash)
			if err != nil {
				t.Fatal(err)
			}
			if err := rsa.VerifyPKCS1v15(public, hash, digest, signature); err != nil {
				t.Errorf("%v: %v", hash, err)
			}
		}
	}
}

func BenchmarkSign(b *testing.B) {
	key := newFastKey(newPrimes(rand.NewPCG(1, 2)))
	sum := sha1.Sum([]byte("text"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := key.Sign(nil, sum[:], crypto.SHA1); err != nil {
			b.Fatal(err)
		}
	}
}
