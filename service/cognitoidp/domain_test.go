package cognitoidp_test

import (
	"testing"

	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// orders makes a resource server of the pool with the scopes read and write.
func orders(t *testing.T, c *cognito.Client, pool *string) {
	t.Helper()
	ok[*cognito.CreateResourceServerOutput](t)(c.CreateResourceServer(t.Context(), &cognito.CreateResourceServerInput{
		UserPoolId: pool, Identifier: new("https://orders"), Name: new("Orders"), Scopes: []types.ResourceServerScopeType{
			{ScopeName: new("read"), ScopeDescription: new("look")}, {ScopeName: new("write"), ScopeDescription: new("change")},
		},
	}))
}

func TestScopesOfResourceServersAreGivenToClients(t *testing.T) {
	_, c := start(t)
	p := newPool(t, c, &cognito.CreateUserPoolInput{})
	orders(t, c, p.Id)
	_, err := c.CreateResourceServer(t.Context(), &cognito.CreateResourceServerInput{UserPoolId: p.Id, Identifier: new("https://orders"), Name: new("again")})
	wants(t, err, "InvalidParameterException", "https://orders already exists in user pool "+*p.Id+".")
	client := func(scope string) error {
		_, err := c.CreateUserPoolClient(t.Context(), &cognito.CreateUserPoolClientInput{UserPoolId: p.Id, ClientName: new("web"), AllowedOAuthScopes: []string{scope}})
		return err
	}
	if err := client("https://orders/read"); err != nil {
		t.Error(err)
	}
	wants(t, client("https://orders/none"), "ScopeDoesNotExistException", "https://orders/none")
	wants(t, client("https://other/read"), "ScopeDoesNotExistException", "https://other/read")
	ok[*cognito.UpdateResourceServerOutput](t)(c.UpdateResourceServer(t.Context(), &cognito.UpdateResourceServerInput{
		UserPoolId: p.Id, Identifier: new("https://orders"), Name: new("All orders"), Scopes: []types.ResourceServerScopeType{{ScopeName: new("write"), ScopeDescription: new("change")}},
	}))
	wants(t, client("https://orders/read"), "ScopeDoesNotExistException", "https://orders/read")
	r := ok[*cognito.DescribeResourceServerOutput](t)(c.DescribeResourceServer(t.Context(), &cognito.DescribeResourceServerInput{UserPoolId: p.Id, Identifier: new("https://orders")})).ResourceServer
	all := ok[*cognito.ListResourceServersOutput](t)(c.ListResourceServers(t.Context(), &cognito.ListResourceServersInput{UserPoolId: p.Id, MaxResults: new(int32(10))}))
	if *r.Name != "All orders" || len(r.Scopes) != 1 || len(all.ResourceServers) != 1 {
		t.Errorf("server %+v of %d", r, len(all.ResourceServers))
	}
	ok[*cognito.DeleteResourceServerOutput](t)(c.DeleteResourceServer(t.Context(), &cognito.DeleteResourceServerInput{UserPoolId: p.Id, Identifier: new("https://orders")}))
	_, err = c.DescribeResourceServer(t.Context(), &cognito.DescribeResourceServerInput{UserPoolId: p.Id, Identifier: new("https://orders")})
	wants(t, err, "ResourceNotFoundException", "Resource server https://orders does not exist.")
}

func TestPoolHasOneDomain(t *testing.T) {
	_, c := start(t)
	p, other := newPool(t, c, &cognito.CreateUserPoolInput{}), newPool(t, c, &cognito.CreateUserPoolInput{})
	create := func(pool *string, domain string) error {
		_, err := c.CreateUserPoolDomain(t.Context(), &cognito.CreateUserPoolDomainInput{UserPoolId: pool, Domain: &domain})
		return err
	}
	wants(t, create(p.Id, "my-cognito"), "InvalidParameterException", "reserved word: cognito")
	if err := create(p.Id, "shop"); err != nil {
		t.Fatal(err)
	}
	wants(t, create(p.Id, "shop-two"), "InvalidParameterException", "already has a domain")
	wants(t, create(other.Id, "shop"), "InvalidParameterException", "Domain already associated with another user pool.")
	ok[*cognito.UpdateUserPoolDomainOutput](t)(c.UpdateUserPoolDomain(t.Context(), &cognito.UpdateUserPoolDomainInput{UserPoolId: p.Id, Domain: new("shop"), ManagedLoginVersion: new(int32(2))}))
	ok[*cognito.UpdateUserPoolOutput](t)(c.UpdateUserPool(t.Context(), &cognito.UpdateUserPoolInput{UserPoolId: p.Id}))
	d := ok[*cognito.DescribeUserPoolDomainOutput](t)(c.DescribeUserPoolDomain(t.Context(), &cognito.DescribeUserPoolDomainInput{Domain: new("shop")})).DomainDescription
	got := ok[*cognito.DescribeUserPoolOutput](t)(c.DescribeUserPool(t.Context(), &cognito.DescribeUserPoolInput{UserPoolId: p.Id})).UserPool
	if *d.UserPoolId != *p.Id || *d.ManagedLoginVersion != 2 || got.Domain == nil || *got.Domain != "shop" {
		t.Errorf("domain %+v of %+v", d, got)
	}
	_, err := c.DeleteUserPool(t.Context(), &cognito.DeleteUserPoolInput{UserPoolId: p.Id})
	wants(t, err, "InvalidParameterException", "has a domain configured")
	_, err = c.DeleteUserPoolDomain(t.Context(), &cognito.DeleteUserPoolDomainInput{UserPoolId: other.Id, Domain: new("shop")})
	wants(t, err, "InvalidParameterException", "No such domain or user pool exists.")
	ok[*cognito.DeleteUserPoolDomainOutput](t)(c.DeleteUserPoolDomain(t.Context(), &cognito.DeleteUserPoolDomainInput{UserPoolId: p.Id, Domain: new("shop")}))
	if d := ok[*cognito.DescribeUserPoolDomainOutput](t)(c.DescribeUserPoolDomain(t.Context(), &cognito.DescribeUserPoolDomainInput{Domain: new("shop")})).DomainDescription; d.UserPoolId != nil {
		t.Errorf("a deleted domain: %+v", d)
	}
	if err := create(other.Id, "shop"); err != nil {
		t.Error(err)
	}
}
