package sns

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"strings"
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// CertificatePath is where ServeCertificate has to be reached, below Deps.Endpoint.
// What follows is the region and the name of the certificate.
const CertificatePath = "/_brume/sns/"

// signingKey is the key of a region, made when it is first needed.
type signingKey struct {
	Primes      []uint64 `kv:"1"`
	Certificate string   `kv:"2"` // PEM
	Name        string   `kv:"3"` // of the certificate's file
}

func signingKeyOf(region aws.Region) kv.Key { return keys.Key(kv.Scope{Region: region}) }

// sign signs a text as a topic's messages are signed.
// AWS: version 1 is SHA-1 and the default; version 2 is SHA-256.
func (s *Service) sign(tx kv.Tx, t *topic, text string) (seal, error) {
	key, err := s.keyOf(tx, t.at.Region)
	if err != nil {
		return seal{}, err
	}
	out := seal{version: "1", certificate: s.Endpoint(t.at.Region) + CertificatePath + string(t.at.Region) + "/" + key.name}
	var signature []byte
	if t.get("SignatureVersion") == "2" {
		out.version = "2"
		sum := sha256.Sum256([]byte(text))
		signature, err = key.Sign(nil, sum[:], crypto.SHA256)
	} else {
		sum := sha1.Sum([]byte(text))
		signature, err = key.Sign(nil, sum[:], crypto.SHA1)
	}
	out.signature = base64.StdEncoding.EncodeToString(signature)
	return out, err
}

// signer is a signing key, ready for use.
type signer struct {
	*fastKey
	name string
}

// keyOf returns the key of a region.
func (s *Service) keyOf(tx kv.Tx, region aws.Region) (*signer, error) {
	row, ok := keys.GetShared(tx, signingKeyOf(region), nil)
	if !ok {
		var err error
		if row, err = newSigningKey(s.Random, region, tx.Now()); err != nil {
			return nil, err
		}
		keys.Put(tx, signingKeyOf(region), row)
	}
	ready, ok := s.signers.Find(row.Name) // the name is a digest of the certificate
	if !ok {
		ready = &signer{newFastKey(row.Primes), row.Name}
		s.signers.Keep(row.Name, ready)
	}
	return ready, nil
}

// certificateYears is how long a certificate is good for.
const certificateYears = 30

// newSigningKey makes a key and its certificate.
func newSigningKey(r aws.Random, region aws.Region, now time.Time) (*signingKey, error) {
	primes := newPrimes(r)
	serial := new(big.Int).SetUint64(r.Uint64() >> 1)
	name := "sns." + string(region) + "." + region.DNSSuffix()
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name, Organization: []string{"Brume"}}, DNSNames: []string{name},
		NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(certificateYears, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature, SignatureAlgorithm: x509.SHA256WithRSA,
	}
	key := newFastKey(primes)
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(der)
	return &signingKey{
		Primes: primes, Certificate: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		Name: "SimpleNotificationService-" + hex.EncodeToString(sum[:16]) + ".pem",
	}, nil
}

// Certificate returns the certificate, as PEM, that a SigningCertURL with this
// path stands for.
func (s *Service) Certificate(ctx context.Context, path string) (pem string, ok bool, err error) {
	region, name, found := strings.Cut(strings.TrimPrefix(path, CertificatePath), "/")
	if !found {
		return "", false, nil
	}
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		row, there := keys.Get(tx, signingKeyOf(aws.Region(region)))
		if ok = there && row.Name == name; ok {
			pem = row.Certificate
		}
		return nil
	})
	return pem, ok, err
}

// ServeCertificate answers requests for certificates, below CertificatePath.
func (s *Service) ServeCertificate(w http.ResponseWriter, r *http.Request) {
	pem, ok, err := s.Certificate(r.Context(), r.URL.Path)
	switch {
	case err != nil:
		s.Log.Error("a signing certificate cannot be read", "error", err)
		http.Error(w, "The certificate cannot be read.", http.StatusInternalServerError)
	case !ok:
		http.NotFound(w, r)
	default:
		w.Header().Set("Content-Type", "application/x-pem-file")
		_, _ = io.WriteString(w, pem) // a client that went away needs no answer
	}
}

// Page tells where ServeCertificate is to be reached.
func (s *Service) Page() (prefix string, page http.Handler) {
	return CertificatePath, http.HandlerFunc(s.ServeCertificate)
}

// Public implements crypto.Signer.
func (k *fastKey) Public() crypto.PublicKey { return &rsa.PublicKey{N: k.modulus, E: publicExponent} }
