package cloud

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// certificates makes what TLS needs, when the first client asks for TLS: an
// authority, kept in a file that clients may trust, and under it a certificate
// for each name that clients use. One certificate for all would not do, as a
// wildcard stands for a single label.
type certificates struct {
	dir  string // where the authority is kept; empty for memory
	wall func() time.Time

	once   sync.Once
	err    error
	issuer *x509.Certificate
	key    *ecdsa.PrivateKey // of the issuer and of every leaf

	mu     sync.Mutex
	leaves map[string]*tls.Certificate
}

const (
	authorityFile = "ca.pem"
	authorityKey  = "ca-key.pem"
	maxLeaves     = 1000 // names come from clients, so their number is bounded
	validity      = 10 * 365 * 24 * time.Hour
	leafValidity  = 365 * 24 * time.Hour // the most that some clients accept is 398 days
	backdated     = time.Hour            // for machines whose clocks differ
)

// certificateDomains are the names that the authority can speak for, with all
// that is below them: whoever trusts it entrusts it with nothing else.
func certificateDomains() []string {
	return []string{"localhost", "amazonaws.com", "amazonaws.com.cn", "api.aws", "cloudfront.net", "on.aws", "aws.dev"}
}

func (s *System) certificateDir() string {
	if s.opts.Ephemeral {
		return ""
	}
	return filepath.Join(s.opts.Dir, "tls")
}

// config returns the TLS configuration of the server.
func (c *certificates) config() (*tls.Config, error) {
	c.once.Do(func() {
		if c.err = c.load(); errors.Is(c.err, fs.ErrNotExist) {
			c.err = c.create()
		}
	})
	if c.err != nil {
		return nil, fmt.Errorf("certificate: %w", c.err)
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			return c.leaf(strings.ToLower(hello.ServerName))
		},
	}, nil
}

// load reads the authority from its files.
func (c *certificates) load() error {
	if c.dir == "" {
		return fs.ErrNotExist
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(c.dir, authorityFile), filepath.Join(c.dir, authorityKey))
	if err != nil {
		return err
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return fmt.Errorf("%s holds another kind of key: remove %s, and a new authority is made", authorityKey, c.dir)
	}
	c.issuer, c.key = pair.Leaf, key
	return nil
}

// create makes the authority and keeps it.
func (c *certificates) create() (err error) {
	if c.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return err
	}
	now := c.wall()
	der, err := c.sign(&x509.Certificate{
		Subject:   pkix.Name{CommonName: "Brume on this machine"},
		NotBefore: now.Add(-backdated), NotAfter: now.Add(validity),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: certificateDomains(),
		PermittedIPRanges: []*net.IPNet{
			{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)},
			{IP: net.IPv6loopback, Mask: net.CIDRMask(128, 128)},
		},
	}, nil)
	if err != nil {
		return err
	}
	if c.issuer, err = x509.ParseCertificate(der); err != nil || c.dir == "" {
		return err
	}
	key, err := x509.MarshalPKCS8PrivateKey(c.key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return err
	}
	return errors.Join(
		writePrivate(filepath.Join(c.dir, authorityKey), pemOf("PRIVATE KEY", key)),
		writePrivate(filepath.Join(c.dir, authorityFile), pemOf("CERTIFICATE", der)),
	)
}

func pemOf(kind string, der []byte) []byte {
	var b bytes.Buffer
	_ = pem.Encode(&b, &pem.Block{Type: kind, Bytes: der}) // a Buffer takes all
	return b.Bytes()
}

// sign signs a certificate for c.key, by issuer or, when nil, by itself.
func (c *certificates) sign(cert, issuer *x509.Certificate) ([]byte, error) {
	const serialBits = 127
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), serialBits))
	if err != nil {
		return nil, err
	}
	cert.SerialNumber = serial
	if issuer == nil {
		issuer = cert
	}
	return x509.CreateCertificate(rand.Reader, cert, issuer, c.key.Public(), c.key)
}

// leaf returns the certificate for a name. A name that the authority does not
// speak for, or none at all, gets the one for localhost.
func (c *certificates) leaf(name string) (*tls.Certificate, error) {
	if !speaksFor(name) {
		name = "localhost"
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.leaves[name]; l != nil && c.wall().Before(l.Leaf.NotAfter.Add(-backdated)) {
		return l, nil
	}
	now := c.wall()
	der, err := c.sign(&x509.Certificate{
		Subject:   pkix.Name{Organization: []string{"Brume"}},
		NotBefore: now.Add(-backdated), NotAfter: now.Add(leafValidity),
		DNSNames: []string{name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, c.issuer)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	if c.leaves == nil || len(c.leaves) >= maxLeaves {
		c.leaves = map[string]*tls.Certificate{}
	}
	l := &tls.Certificate{Certificate: [][]byte{der, c.issuer.Raw}, PrivateKey: c.key, Leaf: parsed}
	c.leaves[name] = l
	return l, nil
}

func speaksFor(name string) bool {
	for _, d := range certificateDomains() {
		if name == d || strings.HasSuffix(name, "."+d) {
			return true
		}
	}
	return false
}
