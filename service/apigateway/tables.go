package apigateway

import (
	"time"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/state/kv"
)

// place is where a REST API is that a host names by its id alone.
type place struct {
	Account string `kv:"1"`
	Region  string `kv:"2"`
}

// The tables. Those of an API's parts begin with its id.
var (
	places = kv.Table[place]{Name: "apigateway.place"} // id of an API, over all accounts and regions

	restAPIs    = shelfOf[api.RestApi]("apigateway.api")
	resources   = shelfOf[api.Resource]("apigateway.resource")               // id; with its methods
	models      = shelfOf[api.Model_]("apigateway.model")                    // name
	validators  = shelfOf[api.RequestValidator]("apigateway.validator")      // id
	authorizers = shelfOf[api.Authorizer]("apigateway.authorizer")           // id
	responses   = shelfOf[api.GatewayResponse]("apigateway.gatewayresponse") // type
	deployments = shelfOf[api.Deployment]("apigateway.deployment")           // id
	stages      = shelfOf[api.Stage]("apigateway.stage")                     // name

	snapshots = kv.Table[snapshot]{Name: "apigateway.snapshot"} // id of the deployment

	documentation = shelfOf[api.DocumentationPart]("apigateway.documentation") // id
	editions      = shelfOf[edition]("apigateway.documentationversion")        // version

	cacheEntries = kv.Table[cachedReply]{Name: "apigateway.cache"} // stage, hash of what was asked for

	keys      = shelfOf[api.ApiKey]("apigateway.key")                // id
	keyValues = kv.Table[keyRef]{Name: "apigateway.keyvalue"}        // the key itself
	plans     = shelfOf[plan]("apigateway.plan")                     // id
	members   = kv.Table[struct{}]{Name: "apigateway.planmember"}    // plan, key
	keyPlans  = kv.Table[struct{}]{Name: "apigateway.keyplan"}       // key, plan
	used      = kv.Table[struct{}]{Name: "apigateway.used"}          // plan, key, day: a counter of requests
	extended  = kv.Table[struct{}]{Name: "apigateway.usedextension"} // plan, key, day that a period begins: a counter of requests more

	certificates = shelfOf[api.ClientCertificate]("apigateway.certificate") // id
	accounts     = shelfOf[account]("apigateway.account")                   // one row
)

// placeKey is in no scope: a path names an API by its id alone.
func placeKey(id string) kv.Key { return places.Key(kv.Scope{}, kv.String(id)) }

func (a address) key() kv.Key { return restAPIs.rows.Key(a.Scope, kv.String(a.API)) }

// part is the key of a part of the API.
func part[T any](a address, s *shelf[T], id string) kv.Key {
	return s.rows.Key(a.Scope, kv.String(a.API), kv.String(id))
}

// parts is the key that all parts of a kind begin with.
func parts[T any](a address, s *shelf[T]) kv.Key { return s.rows.Prefix(a.Scope, kv.String(a.API)) }

// drop deletes the API with all its parts.
func (a address) drop(tx kv.Tx) {
	restAPIs.rows.Delete(tx, a.key())
	places.Delete(tx, placeKey(a.API))
	resources.rows.DeleteAll(tx, parts(a, resources))
	models.rows.DeleteAll(tx, parts(a, models))
	validators.rows.DeleteAll(tx, parts(a, validators))
	authorizers.rows.DeleteAll(tx, parts(a, authorizers))
	responses.rows.DeleteAll(tx, parts(a, responses))
	deployments.rows.DeleteAll(tx, parts(a, deployments))
	stages.rows.DeleteAll(tx, parts(a, stages))
	documentation.rows.DeleteAll(tx, parts(a, documentation))
	editions.rows.DeleteAll(tx, parts(a, editions))
	cacheEntries.DeleteAll(tx, cacheEntries.Prefix(a.Scope, kv.String(a.API)))
	snapshots.DeleteAll(tx, snapshots.Prefix(a.Scope, kv.String(a.API)))
}

// snapshot is what a deployment serves.
type snapshot struct {
	Zipped []byte `kv:"1"` // a definition, as JSON

	served *served `kv:"-"`
}

func (a address) snapshotKey(deployment string) kv.Key {
	return snapshots.Key(a.Scope, kv.String(a.API), kv.String(deployment))
}

// keyRef is which key has a value.
type keyRef struct {
	ID string `kv:"1"`
}

func keyKey(sc kv.Scope, id string) kv.Key         { return keys.rows.Key(sc, kv.String(id)) }
func keyValueKey(sc kv.Scope, value string) kv.Key { return keyValues.Key(sc, kv.String(value)) }
func planKey(sc kv.Scope, id string) kv.Key        { return plans.rows.Key(sc, kv.String(id)) }

func memberKey(sc kv.Scope, plan, key string) kv.Key {
	return members.Key(sc, kv.String(plan), kv.String(key))
}

func keyPlanKey(sc kv.Scope, key, plan string) kv.Key {
	return keyPlans.Key(sc, kv.String(key), kv.String(plan))
}

// planOf is the plan that a row of keyPlans names, keyOf the key of one of members.
func planOf(row kv.Key) string {
	parts := keyPlans.Parts(row)
	parts.Skip(1)
	return parts.String()
}

func keyOf(row kv.Key) string {
	parts := members.Parts(row)
	parts.Skip(1)
	return parts.String()
}

// account is what an account's settings in a region are.
type account struct {
	CloudwatchRoleArn *string
}

// now is the time of a transaction, as documents have it: to the second.
func now(tx kv.Tx) *time.Time {
	t := tx.Now().UTC().Truncate(time.Second)
	return &t
}
