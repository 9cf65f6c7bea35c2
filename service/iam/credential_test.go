package iam_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base32"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// code is what an authenticator app shows.
func code(t *testing.T, seed []byte, at time.Time) *string {
	t.Helper()
	key, err := base32.StdEncoding.DecodeString(string(seed))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(at.Unix()/30)))
	sum := mac.Sum(nil)
	return new(fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1e6))
}

func TestMFADeviceLife(t *testing.T) {
	w := start(t)
	w.user("alice")
	d := do(w, w.CreateVirtualMFADevice, &iam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: new("phone"), Tags: []types.Tag{tag("a", "b")}}).VirtualMFADevice
	if *d.SerialNumber != "arn:aws:iam::000000000000:mfa/phone" {
		t.Fatalf("%+v", d)
	}
	now := w.cloud.Clock().Now()
	enable := &iam.EnableMFADeviceInput{UserName: new("alice"), SerialNumber: d.SerialNumber, AuthenticationCode1: new("000000"), AuthenticationCode2: new("000000")}
	wantError(t, failure(w, w.EnableMFADevice, enable), "InvalidAuthenticationCode", "Authentication code for device is not valid.")
	enable.AuthenticationCode1, enable.AuthenticationCode2 = code(t, d.Base32StringSeed, now.Add(-30*time.Second)), code(t, d.Base32StringSeed, now)
	do(w, w.EnableMFADevice, enable)
	wantError(t, failure(w, w.EnableMFADevice, enable), "EntityAlreadyExists", "")
	if l := do(w, w.ListMFADevices, &iam.ListMFADevicesInput{UserName: new("alice")}).MFADevices; len(l) != 1 || *l[0].UserName != "alice" {
		t.Fatalf("%+v", l)
	}
	if g := do(w, w.GetMFADevice, &iam.GetMFADeviceInput{UserName: new("alice"), SerialNumber: d.SerialNumber}); *g.UserName != "alice" || g.EnableDate == nil {
		t.Fatalf("%+v", g)
	}
	assigned := &iam.ListVirtualMFADevicesInput{AssignmentStatus: types.AssignmentStatusTypeAssigned}
	if l := do(w, w.ListVirtualMFADevices, assigned).VirtualMFADevices; len(l) != 1 || *l[0].User.UserName != "alice" {
		t.Fatalf("%+v", l)
	}
	wantError(t, failure(w, w.DeleteUser, &iam.DeleteUserInput{UserName: new("alice")}), "DeleteConflict", "must delete MFA device first.")
	do(w, w.TagMFADevice, &iam.TagMFADeviceInput{SerialNumber: d.SerialNumber, Tags: []types.Tag{tag("c", "d")}})
	do(w, w.UntagMFADevice, &iam.UntagMFADeviceInput{SerialNumber: d.SerialNumber, TagKeys: []string{"a"}})
	if l := do(w, w.ListMFADeviceTags, &iam.ListMFADeviceTagsInput{SerialNumber: d.SerialNumber}).Tags; len(l) != 1 {
		t.Fatalf("%+v", l)
	}
	do(w, w.ResyncMFADevice, &iam.ResyncMFADeviceInput{
		UserName: new("alice"), SerialNumber: d.SerialNumber,
		AuthenticationCode1: code(t, d.Base32StringSeed, now.Add(150*time.Second)), AuthenticationCode2: code(t, d.Base32StringSeed, now.Add(180*time.Second)),
	})
	wantError(t, failure(w, w.DeleteVirtualMFADevice, &iam.DeleteVirtualMFADeviceInput{SerialNumber: d.SerialNumber}), "DeleteConflict", "")
	do(w, w.DeactivateMFADevice, &iam.DeactivateMFADeviceInput{UserName: new("alice"), SerialNumber: d.SerialNumber})
	do(w, w.DeleteVirtualMFADevice, &iam.DeleteVirtualMFADeviceInput{SerialNumber: d.SerialNumber})
}

// certificate makes a self-signed certificate and its key, in PEM.
func certificate(t *testing.T) (body, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "example.com"}, NotAfter: time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
}

func TestServerCertificates(t *testing.T) {
	w := start(t)
	body, key := certificate(t)
	_, other := certificate(t)
	up := &iam.UploadServerCertificateInput{ServerCertificateName: new("site"), Path: new("/cloudfront/"), CertificateBody: &body, PrivateKey: &other, Tags: []types.Tag{tag("a", "b")}}
	wantError(t, failure(w, w.UploadServerCertificate, up), "KeyPairMismatch", "")
	up.PrivateKey, up.CertificateBody = &key, new("nonsense")
	wantError(t, failure(w, w.UploadServerCertificate, up), "MalformedCertificate", "")
	up.CertificateBody = &body
	m := do(w, w.UploadServerCertificate, up).ServerCertificateMetadata
	if *m.Arn != "arn:aws:iam::000000000000:server-certificate/cloudfront/site" || m.Expiration.Year() != 2040 {
		t.Fatalf("%+v", m)
	}
	wantError(t, failure(w, w.UploadServerCertificate, up), "EntityAlreadyExists", "")
	do(w, w.UpdateServerCertificate, &iam.UpdateServerCertificateInput{ServerCertificateName: new("site"), NewServerCertificateName: new("shop"), NewPath: new("/")})
	if c := do(w, w.GetServerCertificate, &iam.GetServerCertificateInput{ServerCertificateName: new("shop")}).ServerCertificate; *c.CertificateBody != body {
		t.Fatalf("%+v", c)
	}
	if l := do(w, w.ListServerCertificates, &iam.ListServerCertificatesInput{}).ServerCertificateMetadataList; len(l) != 1 {
		t.Fatalf("%+v", l)
	}
	do(w, w.TagServerCertificate, &iam.TagServerCertificateInput{ServerCertificateName: new("shop"), Tags: []types.Tag{tag("c", "d")}})
	do(w, w.UntagServerCertificate, &iam.UntagServerCertificateInput{ServerCertificateName: new("shop"), TagKeys: []string{"a"}})
	if l := do(w, w.ListServerCertificateTags, &iam.ListServerCertificateTagsInput{ServerCertificateName: new("shop")}).Tags; len(l) != 1 {
		t.Fatalf("%+v", l)
	}
	do(w, w.DeleteServerCertificate, &iam.DeleteServerCertificateInput{ServerCertificateName: new("shop")})
	wantError(t, failure(w, w.GetServerCertificate, &iam.GetServerCertificateInput{ServerCertificateName: new("shop")}), "NoSuchEntity", "The Server Certificate with name shop cannot be found.")
}

func TestSigningCertificates(t *testing.T) {
	w := start(t)
	w.user("alice")
	body, _ := certificate(t)
	up := &iam.UploadSigningCertificateInput{UserName: new("alice"), CertificateBody: &body}
	c := do(w, w.UploadSigningCertificate, up).Certificate
	wantError(t, failure(w, w.UploadSigningCertificate, up), "DuplicateCertificate", "")
	do(w, w.UpdateSigningCertificate, &iam.UpdateSigningCertificateInput{UserName: new("alice"), CertificateId: c.CertificateId, Status: types.StatusTypeInactive})
	if l := do(w, w.ListSigningCertificates, &iam.ListSigningCertificatesInput{UserName: new("alice")}).Certificates; len(l) != 1 || l[0].Status != types.StatusTypeInactive {
		t.Fatalf("%+v", l)
	}
	do(w, w.DeleteSigningCertificate, &iam.DeleteSigningCertificateInput{UserName: new("alice"), CertificateId: c.CertificateId})
}

func TestSSHPublicKeys(t *testing.T) {
	w := start(t)
	w.user("alice")
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&k.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	key := do(w, w.UploadSSHPublicKey, &iam.UploadSSHPublicKeyInput{UserName: new("alice"), SSHPublicKeyBody: &text}).SSHPublicKey
	if !strings.HasPrefix(*key.SSHPublicKeyId, "APKA") || !strings.HasPrefix(*key.SSHPublicKeyBody, "ssh-rsa AAAA") || len(*key.Fingerprint) != 47 {
		t.Fatalf("%+v", key)
	}
	wantError(t, failure(w, w.UploadSSHPublicKey, &iam.UploadSSHPublicKeyInput{UserName: new("alice"), SSHPublicKeyBody: key.SSHPublicKeyBody}), "DuplicateSSHPublicKey", "")
	wantError(t, failure(w, w.UploadSSHPublicKey, &iam.UploadSSHPublicKeyInput{UserName: new("alice"), SSHPublicKeyBody: new("ssh-rsa AAAA")}), "InvalidPublicKey", "")
	wantError(t, failure(w, w.UploadSSHPublicKey, &iam.UploadSSHPublicKeyInput{UserName: new("alice"), SSHPublicKeyBody: new("what")}), "UnrecognizedPublicKeyEncoding", "")
	got := do(w, w.GetSSHPublicKey, &iam.GetSSHPublicKeyInput{UserName: new("alice"), SSHPublicKeyId: key.SSHPublicKeyId, Encoding: types.EncodingTypePem}).SSHPublicKey
	if *got.SSHPublicKeyBody != text {
		t.Fatal(*got.SSHPublicKeyBody)
	}
	do(w, w.UpdateSSHPublicKey, &iam.UpdateSSHPublicKeyInput{UserName: new("alice"), SSHPublicKeyId: key.SSHPublicKeyId, Status: types.StatusTypeInactive})
	if l := do(w, w.ListSSHPublicKeys, &iam.ListSSHPublicKeysInput{UserName: new("alice")}).SSHPublicKeys; len(l) != 1 || l[0].Status != types.StatusTypeInactive {
		t.Fatalf("%+v", l)
	}
	do(w, w.DeleteSSHPublicKey, &iam.DeleteSSHPublicKeyInput{UserName: new("alice"), SSHPublicKeyId: key.SSHPublicKeyId})
}

func TestServiceSpecificCredentials(t *testing.T) {
	w := start(t)
	w.user("alice")
	make := func(service string) (*types.ServiceSpecificCredential, error) {
		out, err := w.CreateServiceSpecificCredential(w.ctx, &iam.CreateServiceSpecificCredentialInput{UserName: new("alice"), ServiceName: &service})
		if err != nil {
			return nil, err
		}
		return out.ServiceSpecificCredential, nil
	}
	c, err := make("codecommit.amazonaws.com")
	if err != nil || *c.ServiceUserName != "alice-at-000000000000" || *c.ServicePassword == "" {
		t.Fatalf("%+v %v", c, err)
	}
	_, err = make("ec2.amazonaws.com")
	wantError(t, err, "NotSupportedService", "")
	if _, err = make("codecommit.amazonaws.com"); err != nil {
		t.Fatal(err)
	}
	_, err = make("codecommit.amazonaws.com")
	wantError(t, err, "LimitExceeded", "")
	again := do(w, w.ResetServiceSpecificCredential, &iam.ResetServiceSpecificCredentialInput{UserName: new("alice"), ServiceSpecificCredentialId: c.ServiceSpecificCredentialId}).ServiceSpecificCredential
	if *again.ServicePassword == *c.ServicePassword {
		t.Fatal("the same secret again")
	}
	do(w, w.UpdateServiceSpecificCredential, &iam.UpdateServiceSpecificCredentialInput{UserName: new("alice"), ServiceSpecificCredentialId: c.ServiceSpecificCredentialId, Status: types.StatusTypeInactive})
	if l := do(w, w.ListServiceSpecificCredentials, &iam.ListServiceSpecificCredentialsInput{AllUsers: new(true)}).ServiceSpecificCredentials; len(l) != 2 {
		t.Fatalf("%+v", l)
	}
	do(w, w.DeleteServiceSpecificCredential, &iam.DeleteServiceSpecificCredentialInput{UserName: new("alice"), ServiceSpecificCredentialId: c.ServiceSpecificCredentialId})
}
