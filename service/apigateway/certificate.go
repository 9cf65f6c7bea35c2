package apigateway

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"time"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// certificateLife is how long a client certificate is valid.
// AWS: "Generate and configure an SSL certificate for backend authentication".
const certificateLife = 365 * 24 * time.Hour

func certificateKey(sc kv.Scope, id string) kv.Key { return certificates.rows.Key(sc, kv.String(id)) }

// reader makes a source of random bytes of one of numbers.
type reader struct{ from aws.Random }

// Read implements io.Reader.
func (r reader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r.from.Uint64())
	}
	return len(p), nil
}

// GenerateClientCertificate makes a certificate that signs itself.
func (s *Service) GenerateClientCertificate(ctx context.Context, in *api.GenerateClientCertificateInput) (*api.GenerateClientCertificateOutput, error) {
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), reader{s.Random})
	if err != nil {
		return nil, err
	}
	v := &api.ClientCertificate{ClientCertificateId: new(s.id(partID)), Description: in.Description, Tags: in.Tags}
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		v.CreatedDate = now(tx)
		v.ExpirationDate = new(v.CreatedDate.Add(certificateLife))
		name := pkix.Name{CommonName: "ApiGateway", Organization: []string{"Amazon.com"}, Country: []string{"US"}}
		template := &x509.Certificate{SerialNumber: new(big.Int).SetUint64(s.Random.Uint64()), Subject: name, NotBefore: *v.CreatedDate, NotAfter: *v.ExpirationDate}
		der, err := x509.CreateCertificate(reader{s.Random}, template, template, &key.PublicKey, key)
		if err != nil {
			return err
		}
		v.PemEncodedCertificate = new(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
		certificates.put(tx, certificateKey(scopeOf(ctx), *v.ClientCertificateId), v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return (*api.GenerateClientCertificateOutput)(v), nil
}

func certificate(tx kv.Tx, sc kv.Scope, id string) (*api.ClientCertificate, error) {
	v, ok := certificates.get(tx, certificateKey(sc, id))
	if !ok {
		return nil, missing("Invalid Client Certificate identifier specified")
	}
	return v, nil
}

// GetClientCertificate tells of a certificate.
func (s *Service) GetClientCertificate(ctx context.Context, in *api.GetClientCertificateInput) (out *api.GetClientCertificateOutput, err error) {
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		v, err := certificate(tx, scopeOf(ctx), in.ClientCertificateId)
		out = (*api.GetClientCertificateOutput)(v)
		return err
	})
	return out, err
}

// GetClientCertificates lists certificates.
func (s *Service) GetClientCertificates(ctx context.Context, in *api.GetClientCertificatesInput) (*api.GetClientCertificatesOutput, error) {
	out := &api.GetClientCertificatesOutput{}
	err := kv.View(ctx, s.Store, func(tx kv.Tx) (err error) {
		out.Items, out.Position, err = certificates.page(tx, certificates.rows.Prefix(scopeOf(ctx)), page{in.Position, in.Limit}, nil)
		return err
	})
	return out, err
}

// UpdateClientCertificate changes the description of a certificate.
func (s *Service) UpdateClientCertificate(ctx context.Context, in *api.UpdateClientCertificateInput) (out *api.UpdateClientCertificateOutput, err error) {
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		v, err := certificate(tx, scopeOf(ctx), in.ClientCertificateId)
		if err != nil {
			return err
		}
		if err := patch(v, []rule{{"replace", "/description"}}, in.PatchOperations); err != nil {
			return err
		}
		certificates.put(tx, certificateKey(scopeOf(ctx), in.ClientCertificateId), v)
		out = (*api.UpdateClientCertificateOutput)(v)
		return nil
	})
	return out, err
}

// DeleteClientCertificate deletes a certificate that no stage has.
func (s *Service) DeleteClientCertificate(ctx context.Context, in *api.DeleteClientCertificateInput) (*api.DeleteClientCertificateOutput, error) {
	sc := scopeOf(ctx)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if _, err := certificate(tx, sc, in.ClientCertificateId); err != nil {
			return err
		}
		for _, st := range stages.all(tx, stages.rows.Prefix(sc)) {
			if deref(st.ClientCertificateId) == in.ClientCertificateId {
				return invalid("Cannot delete client certificate %s because it is associated with stage %s", in.ClientCertificateId, *st.StageName)
			}
		}
		certificates.rows.Delete(tx, certificateKey(sc, in.ClientCertificateId))
		return nil
	})
	return &api.DeleteClientCertificateOutput{}, err
}
