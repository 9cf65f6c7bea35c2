package apigatewayv2

import (
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// row is a document, as the API's Get operations return it.
type row[T any] struct {
	JSON []byte `kv:"1"`
}

// kind is a table of documents. Keys of all but APIs, domain names and VPC links
// begin with the API's id, or with the domain's name.
type kind[T any] struct {
	kv.Table[row[T]]
	what string // as errors name it
}

func newKind[T any](table, what string) *kind[T] {
	return &kind[T]{kv.Table[row[T]]{Name: "apigatewayv2." + table}, what}
}

// The kinds.
var (
	apis                 = newKind[apigatewayv2.Api]("api", "API")
	stages               = newKind[apigatewayv2.Stage]("stage", "stage")                                           // name
	routes               = newKind[apigatewayv2.Route]("route", "Route")                                           // id
	routeResponses       = newKind[apigatewayv2.RouteResponse]("routeresponse", "RouteResponse")                   // the route's id, id
	integrations         = newKind[apigatewayv2.Integration]("integration", "Integration")                         // id
	integrationResponses = newKind[apigatewayv2.IntegrationResponse]("integrationresponse", "IntegrationResponse") // the integration's id, id
	authorizers          = newKind[apigatewayv2.Authorizer]("authorizer", "Authorizer")                            // id
	deployments          = newKind[apigatewayv2.Deployment]("deployment", "Deployment")                            // id
	models               = newKind[apigatewayv2.Model_]("model", "Model")                                          // id
	domains              = newKind[apigatewayv2.DomainName]("domain", "domain name")                               // name
	mappings             = newKind[apigatewayv2.ApiMapping]("mapping", "api mapping")                              // the domain's name, id
	vpcLinks             = newKind[apigatewayv2.VpcLink]("vpclink", "VpcLink")                                     // id
)

// key is where the document with an id is.
func (k *kind[T]) key(sc kv.Scope, ids ...string) kv.Key {
	parts := make([]kv.Part, len(ids))
	for i, id := range ids {
		parts[i] = kv.String(id)
	}
	return k.Key(sc, parts...)
}

// get returns a document, which is the caller's to change.
func (k *kind[T]) get(tx kv.Tx, sc kv.Scope, ids ...string) (*T, bool) {
	r, ok := k.Table.Get(tx, k.key(sc, ids...))
	if !ok {
		return nil, false
	}
	return decode[T](r.JSON), true
}

// find is get, with AWS's error where there is none.
func (k *kind[T]) find(tx kv.Tx, sc kv.Scope, ids ...string) (*T, error) {
	if d, ok := k.get(tx, sc, ids...); ok {
		return d, nil
	}
	return nil, noThing(k.what, ids[len(ids)-1])
}

func (k *kind[T]) put(tx kv.Tx, d *T, sc kv.Scope, ids ...string) {
	k.Table.Put(tx, k.key(sc, ids...), &row[T]{encode(d)})
}

func (k *kind[T]) delete(tx kv.Tx, sc kv.Scope, ids ...string) {
	k.Table.Delete(tx, k.key(sc, ids...))
}

// drop deletes all whose keys begin with ids.
func (k *kind[T]) drop(tx kv.Tx, sc kv.Scope, ids ...string) {
	k.DeleteAll(tx, k.key(sc, ids...))
}

// all walks the documents whose keys begin with ids, in the order of their keys.
func (k *kind[T]) all(tx kv.Tx, sc kv.Scope, ids ...string) iter.Seq2[kv.Key, *T] {
	return k.within(tx, kv.Prefix(k.key(sc, ids...)))
}

func (k *kind[T]) within(tx kv.Tx, r kv.Range) iter.Seq2[kv.Key, *T] {
	return func(yield func(kv.Key, *T) bool) {
		for key, r := range k.Scan(tx, r) {
			if !yield(key, decode[T](r.JSON)) {
				return
			}
		}
	}
}

// documents are those of all, without their keys.
func documents[T any](all iter.Seq2[kv.Key, *T]) iter.Seq[*T] {
	return func(yield func(*T) bool) {
		for _, d := range all {
			if !yield(d) {
				return
			}
		}
	}
}

// count counts the documents whose keys begin with ids, up to most.
func (k *kind[T]) count(tx kv.Tx, most int, sc kv.Scope, ids ...string) (n int) {
	for range tx.Scan(kv.Prefix(k.key(sc, ids...))) {
		if n++; n == most {
			break
		}
	}
	return n
}

// place is the account and the region in which an API or a domain is.
type place struct {
	Account string `kv:"1"`
	Region  string `kv:"2"`
}

func (p *place) scope() kv.Scope {
	return kv.Scope{Account: aws.Account(p.Account), Region: aws.Region(p.Region)}
}

// deployed is the snapshot that a deployment is.
type deployed struct {
	JSON []byte `kv:"1"`
}

// served is what a stage serves: all that its traffic reads.
type served struct {
	*snapshot `kv:"-"`
	at        address  `kv:"-"` // the API
	program   *program `kv:"-"`

	Account string `kv:"1"`
	Region  string `kv:"2"`
	JSON    []byte `kv:"3"` // the snapshot
}

// reset is when a stage was told to forget what its authorizers had said.
type reset struct {
	At time.Time `kv:"1"`
}

// routing is where a domain's paths lead: all that its traffic reads.
type routing struct {
	Account string   `kv:"1"`
	Region  string   `kv:"2"`
	Domain  string   `kv:"3"`
	To      []routed `kv:"4"`
}

// routed is where the paths below a key lead.
type routed struct {
	Key   string `kv:"1"`
	API   string `kv:"2"`
	Stage string `kv:"3"`
}

var (
	places       = kv.Table[place]{Name: "apigatewayv2.place"}           // the API's id; in no account and region
	domainPlaces = kv.Table[place]{Name: "apigatewayv2.domainplace"}     // the domain's name; in no account and region
	routings     = kv.Table[routing]{Name: "apigatewayv2.routing"}       // the domain's name; in no account and region
	snapshots    = kv.Table[deployed]{Name: "apigatewayv2.snapshot"}     // the API's id, the deployment's
	serving      = kv.Table[served]{Name: "apigatewayv2.served"}         // the API's id, the stage's name; in no account and region
	connections  = kv.Table[connection]{Name: "apigatewayv2.connection"} // the API's id, the stage's name, id; in no account and region
	resets       = kv.Table[reset]{Name: "apigatewayv2.reset"}           // the API's id, the stage's name
)

// anywhere is the scope of what is found without knowing whose it is.
var anywhere = kv.Scope{}

func placeKey(id string) kv.Key { return places.Key(anywhere, kv.String(id)) }

func domainPlaceKey(name string) kv.Key { return domainPlaces.Key(anywhere, kv.String(name)) }

func routingKey(domain string) kv.Key { return routings.Key(anywhere, kv.String(domain)) }

func (a address) snapshotKey(deployment string) kv.Key {
	return snapshots.Key(a.Scope, kv.String(a.ID), kv.String(deployment))
}

func (a address) resetKey(stage string) kv.Key {
	return resets.Key(a.Scope, kv.String(a.ID), kv.String(stage))
}

func connectionKey(apiID, stage, id string) kv.Key {
	return connections.Key(anywhere, kv.String(apiID), kv.String(stage), kv.String(id))
}

func servedKey(apiID, stage string) kv.Key {
	return serving.Key(anywhere, kv.String(apiID), kv.String(stage))
}

// placed finds an API by its id alone.
func placed(tx kv.Tx, id string) (address, bool) {
	p, ok := places.GetShared(tx, placeKey(id), nil)
	if !ok {
		return address{}, false
	}
	return address{p.scope(), id}, true
}

// serves returns what the stage of an API serves: shared, so never to be changed.
func serves(tx kv.Tx, apiID, stage string) (*served, bool) {
	return serving.GetShared(tx, servedKey(apiID, stage), func(s *served) {
		s.at = address{kv.Scope{Account: aws.Account(s.Account), Region: aws.Region(s.Region)}, apiID}
		s.snapshot = decode[snapshot](s.JSON)
		s.program = compile(s.snapshot)
	})
}

// serve makes a stage serve a snapshot.
func (a address) serve(tx kv.Tx, stage string, s *snapshot) {
	serving.Put(tx, servedKey(a.ID, stage), &served{Account: string(a.Account), Region: string(a.Region), JSON: encode(s)})
}

func (a address) unserve(tx kv.Tx, stage string) { serving.Delete(tx, servedKey(a.ID, stage)) }

// drop deletes every row of the API.
func (a address) drop(tx kv.Tx) {
	stages.drop(tx, a.Scope, a.ID)
	routes.drop(tx, a.Scope, a.ID)
	routeResponses.drop(tx, a.Scope, a.ID)
	integrations.drop(tx, a.Scope, a.ID)
	integrationResponses.drop(tx, a.Scope, a.ID)
	authorizers.drop(tx, a.Scope, a.ID)
	deployments.drop(tx, a.Scope, a.ID)
	models.drop(tx, a.Scope, a.ID)
	snapshots.DeleteAll(tx, snapshots.Prefix(a.Scope, kv.String(a.ID)))
	serving.DeleteAll(tx, serving.Prefix(anywhere, kv.String(a.ID)))
	resets.DeleteAll(tx, resets.Prefix(a.Scope, kv.String(a.ID)))
	hangUp(tx, connections.Prefix(anywhere, kv.String(a.ID)))
	places.Delete(tx, placeKey(a.ID))
	apis.delete(tx, a.Scope, a.ID)
}

// encode writes a document down. Documents are text, numbers, times and lists.
func encode(document any) []byte {
	b, err := json.Marshal(document)
	if err != nil {
		panic(fmt.Sprintf("apigatewayv2: a document has no JSON: %v", err))
	}
	return b
}

// decode is the document that encode wrote.
func decode[T any](b []byte) *T {
	d := new(T)
	if err := json.Unmarshal(b, d); err != nil {
		kv.Fail(fmt.Errorf("apigatewayv2: a stored %T: %w", *d, err))
	}
	return d
}
