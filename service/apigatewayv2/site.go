package apigatewayv2

import (
	"context"
	"net/http"
	"strings"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/front/proxyevent"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/state/kv"
)

// pathForm begins the paths of APIs at a host that is none of theirs, as local
// clouds have in common: /_aws/execute-api/ID/STAGE/….
const pathForm = "/_aws/" + executeAPI + "/"

// arrival is where a request to an API goes.
type arrival struct {
	api    string
	domain *Mapping // where it came by a custom domain
	stage  string   // "" while the path begins with it, or is below $default
	path   string   // raw, below the stage or the mapping's key once serves has been asked
	whole  string   // the path as functions see it: with the stage, or the key
}

// arrive reads where a request goes by its host, or the path form. ok is false where
// it is for no API. What has the form of an API's address is, be the API there or
// not: service/apigateway has been asked before.
func arrive(tx kv.Tx, host, path string) (v arrival, ok bool) {
	host = proxyevent.Hostname(host)
	if rest, ok := strings.CutPrefix(path, pathForm); ok {
		id, rest, _ := strings.Cut(rest, "/")
		return arrival{api: id, path: "/" + rest, whole: "/" + rest}, true
	}
	if id, ok := apiHost(host); ok {
		return arrival{api: id, path: path, whole: path}, true
	}
	if !mayBeDomain(host) {
		return v, false
	}
	m, rest, ok := mappedTo(tx, strings.ToLower(host), path)
	if !ok {
		return v, m.Domain != "" // a domain that has nothing at the path is forbidden
	}
	_, ok = placed(tx, m.API) // one of the first generation's is for others
	return arrival{api: m.API, domain: &m, stage: m.Stage, path: rest, whole: path}, ok
}

// serves finds what the stage serves that the request is for, and completes the
// arrival: the path is then below the stage.
func (v *arrival) serves(tx kv.Tx) (*served, bool) {
	if v.stage != "" {
		return serves(tx, v.api, v.stage)
	}
	first, rest, _ := strings.Cut(strings.TrimPrefix(v.path, "/"), "/")
	if st, ok := serves(tx, v.api, first); ok && first != "" {
		v.stage, v.path = first, "/"+rest
		return st, true
	}
	v.stage = defaultStage
	return serves(tx, v.api, defaultStage)
}

// Site claims requests to the APIs that are there.
func (s *Service) Site(ctx context.Context, req *wire.Request) (ok bool) {
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		_, ok = arrive(tx, req.Host, req.Path)
		return nil
	})
	return ok && err == nil
}

// Front makes a visit of a request to an API.
func (s *Service) Front(ctx context.Context, w http.ResponseWriter, req *wire.Request) (http.ResponseWriter, error) {
	var v arrival
	var st *served
	var claimed, serving bool
	var protocol apigatewayv2.ProtocolType
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		st, serving = nil, false
		if v, claimed = arrive(tx, req.Host, req.Path); !claimed {
			return nil
		}
		if st, serving = v.serves(tx); serving {
			protocol = st.Protocol
			return nil
		}
		at, ok := placed(tx, v.api)
		if !ok {
			return forbidden() // AWS does not tell an API that is not there from one that is not the caller's
		}
		d, err := at.find(tx)
		if err == nil {
			protocol = d.ProtocolType
		}
		return err
	})
	if err != nil && claimed {
		s.disguise(req, nil)
	}
	if err != nil || !claimed {
		return w, err
	}
	if protocol == apigatewayv2.ProtocolTypeWEBSOCKET {
		return s.visitWebSocket(ctx, w, &socketVisit{exchange: exchange{request: req}, to: v}, st)
	}
	return s.visitHTTP(ctx, w, &visit{arrival: v, served: st, request: req})
}
