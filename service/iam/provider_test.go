package iam_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func TestOpenIDConnectProviders(t *testing.T) {
	w := start(t)
	made := do(w, w.CreateOpenIDConnectProvider, &iam.CreateOpenIDConnectProviderInput{
		Url: new("https://token.example.com/tenant"), ClientIDList: []string{"a"}, ThumbprintList: []string{strings.Repeat("0", 40)}, Tags: []types.Tag{tag("a", "b")},
	})
	arn := made.OpenIDConnectProviderArn
	if *arn != "arn:aws:iam::000000000000:oidc-provider/token.example.com/tenant" {
		t.Fatal(*arn)
	}
	wantError(t, failure(w, w.CreateOpenIDConnectProvider, &iam.CreateOpenIDConnectProviderInput{Url: new("https://token.example.com/tenant")}),
		"EntityAlreadyExists", "Provider with url https://token.example.com/tenant already exists.")
	for _, url := range []string{"http://token.example.com", "https://x.example.com?a=b", "token.example.com"} {
		wantError(t, failure(w, w.CreateOpenIDConnectProvider, &iam.CreateOpenIDConnectProviderInput{Url: &url}), "ValidationError", "Invalid Open ID Connect Provider URL")
	}
	do(w, w.AddClientIDToOpenIDConnectProvider, &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: new("b")})
	do(w, w.RemoveClientIDFromOpenIDConnectProvider, &iam.RemoveClientIDFromOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: new("a")})
	do(w, w.UpdateOpenIDConnectProviderThumbprint, &iam.UpdateOpenIDConnectProviderThumbprintInput{OpenIDConnectProviderArn: arn, ThumbprintList: []string{strings.Repeat("1", 40)}})
	do(w, w.TagOpenIDConnectProvider, &iam.TagOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, Tags: []types.Tag{tag("c", "d")}})
	do(w, w.UntagOpenIDConnectProvider, &iam.UntagOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, TagKeys: []string{"a"}})
	if l := do(w, w.ListOpenIDConnectProviderTags, &iam.ListOpenIDConnectProviderTagsInput{OpenIDConnectProviderArn: arn}).Tags; len(l) != 1 {
		t.Fatalf("%+v", l)
	}
	got := do(w, w.GetOpenIDConnectProvider, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
	if *got.Url != "token.example.com/tenant" || len(got.ClientIDList) != 1 || got.ClientIDList[0] != "b" || got.ThumbprintList[0][0] != '1' {
		t.Fatalf("%+v", got)
	}
	if l := do(w, w.ListOpenIDConnectProviders, &iam.ListOpenIDConnectProvidersInput{}).OpenIDConnectProviderList; len(l) != 1 {
		t.Fatalf("%+v", l)
	}
	do(w, w.DeleteOpenIDConnectProvider, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
	do(w, w.DeleteOpenIDConnectProvider, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
	wantError(t, failure(w, w.GetOpenIDConnectProvider, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn}), "NoSuchEntity", "")
}

func TestSAMLProviders(t *testing.T) {
	w := start(t)
	metadata := `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example.com" validUntil="2040-01-01T00:00:00Z"><IDPSSODescriptor><!-- ` +
		strings.Repeat("x", 1000) + ` --></IDPSSODescriptor></EntityDescriptor>`
	wantError(t, failure(w, w.CreateSAMLProvider, &iam.CreateSAMLProviderInput{Name: new("idp"), SAMLMetadataDocument: new(strings.Repeat("x", 1000))}), "InvalidInput", "Could not parse metadata")
	arn := do(w, w.CreateSAMLProvider, &iam.CreateSAMLProviderInput{Name: new("idp"), SAMLMetadataDocument: &metadata, Tags: []types.Tag{tag("a", "b")}}).SAMLProviderArn
	if *arn != "arn:aws:iam::000000000000:saml-provider/idp" {
		t.Fatal(*arn)
	}
	do(w, w.UpdateSAMLProvider, &iam.UpdateSAMLProviderInput{SAMLProviderArn: arn, SAMLMetadataDocument: new(strings.Replace(metadata, "2040", "2041", 1))})
	do(w, w.TagSAMLProvider, &iam.TagSAMLProviderInput{SAMLProviderArn: arn, Tags: []types.Tag{tag("c", "d")}})
	do(w, w.UntagSAMLProvider, &iam.UntagSAMLProviderInput{SAMLProviderArn: arn, TagKeys: []string{"a"}})
	if l := do(w, w.ListSAMLProviderTags, &iam.ListSAMLProviderTagsInput{SAMLProviderArn: arn}).Tags; len(l) != 1 {
		t.Fatalf("%+v", l)
	}
	if got := do(w, w.GetSAMLProvider, &iam.GetSAMLProviderInput{SAMLProviderArn: arn}); got.ValidUntil.Year() != 2041 {
		t.Fatalf("%+v", got)
	}
	if l := do(w, w.ListSAMLProviders, &iam.ListSAMLProvidersInput{}).SAMLProviderList; len(l) != 1 {
		t.Fatalf("%+v", l)
	}
	do(w, w.DeleteSAMLProvider, &iam.DeleteSAMLProviderInput{SAMLProviderArn: arn})
	wantError(t, failure(w, w.DeleteSAMLProvider, &iam.DeleteSAMLProviderInput{SAMLProviderArn: arn}), "NoSuchEntity", "")
}
