// Package dynamodb checks that what concurrent clients see of DynamoDB could have
// happened one call after the other, in an order that agrees with real time.
package dynamodb

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/brume-cloud/brume/cloudtest"
	"github.com/brume-cloud/brume/front/fault"
)

const (
	registers = 3 // few, so that clients meet
	clients   = 5
	calls     = 24 // of a client, between two restarts
	rounds    = 3
)

// state is the value of each register; 0 is none.
type state [registers]int

// input is a call: of one register, or of all.
type input struct {
	kind     string // read, readAll, swap, add or transfer
	register int
	other    int
	old, new int
}

// output is what a call answered.
type output struct {
	values state
	done   bool // the condition held
}

// step is the model: what a register store does.
func step(s state, in input, out output) (bool, state) {
	switch in.kind {
	case "read":
		return out.values[in.register] == s[in.register], s
	case "readAll":
		return out.values == s, s
	case "add":
		s[in.register]++
		return out.values[in.register] == s[in.register], s
	case "swap":
		holds := s[in.register] == in.old
		if holds {
			s[in.register] = in.new
		}
		return out.done == holds, s
	}
	holds := s[in.register] == in.old // transfer: one register's value decides over two others
	if holds {
		s[in.other] = in.new
		s[(in.other+1)%registers]++
	}
	return out.done == holds, s
}

func model() porcupine.Model {
	return porcupine.Model{
		Init:  func() any { return state{} },
		Equal: func(a, b any) bool { return a == b },
		Step: func(s, in, out any) (bool, any) {
			return step(s.(state), in.(input), out.(output))
		},
		DescribeOperation: func(in, out any) string { return fmt.Sprintf("%+v -> %+v", in, out) },
	}
}

// run is a history being made.
type run struct {
	*testing.T
	cloud *cloudtest.Cloud
	clock atomic.Int64 // orders the calls and returns

	mu      sync.Mutex
	history []porcupine.Operation
}

func TestDynamoDBIsLinearizable(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := &run{T: t, cloud: cloudtest.Start(t, cloudtest.NoRetries(), cloudtest.Dir(t.TempDir()))}
			r.table()
			for round := range rounds {
				remove := r.cloud.Fault(fault.Rule{Kind: fault.Error, Service: "dynamodb", Rate: 0.1, Code: "InternalServerError", Status: 500})
				var all sync.WaitGroup
				db := dynamodb.NewFromConfig(r.cloud.Config())
				for c := range clients {
					all.Go(func() { r.client(db, c, rand.New(rand.NewPCG(seed, uint64(round*clients+c)))) })
				}
				all.Wait()
				remove()
				r.cloud.Restart()
			}
			if len(r.history) < rounds*clients*calls/2 {
				t.Fatalf("only %d calls came through", len(r.history))
			}
			if result, _ := porcupine.CheckOperationsVerbose(model(), r.history, 30*time.Second); result != porcupine.Ok {
				t.Errorf("a history of %d calls is %s", len(r.history), result)
			}
		})
	}
}

func (r *run) table() {
	_, err := dynamodb.NewFromConfig(r.cloud.Config()).CreateTable(r.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("registers"), BillingMode: types.BillingModePayPerRequest,
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeN}},
	})
	if err != nil {
		r.Fatal(err)
	}
}

// client makes calls, each of which is noted unless a fault kept it from running.
func (r *run) client(db *dynamodb.Client, id int, random *rand.Rand) {
	kinds := []string{"read", "readAll", "add", "swap", "swap", "transfer", "transfer"}
	known := state{} // what it last saw, so that conditions have a chance to hold
	for range calls {
		in := input{kind: kinds[random.IntN(len(kinds))], register: random.IntN(registers), new: random.IntN(1_000_000)}
		in.old, in.other = known[in.register], (in.register+1+random.IntN(registers-1))%registers
		begin := r.clock.Add(1)
		out, err := r.call(db, in)
		end := r.clock.Add(1)
		if err != nil {
			var injected *types.InternalServerError
			if !errors.As(err, &injected) {
				r.Errorf("%+v: %v", in, err)
			}
			continue
		}
		switch {
		case in.kind == "read" || in.kind == "add":
			known[in.register] = out.values[in.register]
		case in.kind == "readAll":
			known = out.values
		case in.kind == "swap" && out.done:
			known[in.register] = in.new
		}
		r.mu.Lock()
		r.history = append(r.history, porcupine.Operation{ClientId: id, Input: in, Call: begin, Output: out, Return: end})
		r.mu.Unlock()
	}
}

func number(n int) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.Itoa(n)}
}

func key(register int) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"id": number(register)}
}

func valueOf(item map[string]types.AttributeValue) int {
	v, ok := item["v"].(*types.AttributeValueMemberN)
	if !ok {
		return 0
	}
	n, _ := strconv.Atoi(v.Value)
	return n
}

// condition is that a register has a value.
func condition(old int) (*string, map[string]types.AttributeValue) {
	if old == 0 {
		return aws.String("attribute_not_exists(v)"), nil
	}
	return aws.String("v = :old"), map[string]types.AttributeValue{":old": number(old)}
}

func (r *run) call(db *dynamodb.Client, in input) (out output, err error) {
	table := aws.String("registers")
	switch in.kind {
	case "read":
		got, err := db.GetItem(r.Context(), &dynamodb.GetItemInput{TableName: table, Key: key(in.register), ConsistentRead: aws.Bool(true)})
		if err == nil {
			out.values[in.register] = valueOf(got.Item)
		}
		return out, err
	case "readAll":
		get := &dynamodb.TransactGetItemsInput{}
		for i := range registers {
			get.TransactItems = append(get.TransactItems, types.TransactGetItem{Get: &types.Get{TableName: table, Key: key(i)}})
		}
		got, err := db.TransactGetItems(r.Context(), get)
		for i := 0; err == nil && i < registers; i++ {
			out.values[i] = valueOf(got.Responses[i].Item)
		}
		return out, err
	case "add":
		got, err := db.UpdateItem(r.Context(), &dynamodb.UpdateItemInput{
			TableName: table, Key: key(in.register), UpdateExpression: aws.String("ADD v :one"), ExpressionAttributeValues: map[string]types.AttributeValue{":one": number(1)}, ReturnValues: types.ReturnValueAllNew,
		})
		if err == nil {
			out.values[in.register] = valueOf(got.Attributes)
		}
		return out, err
	case "swap":
		cond, values := condition(in.old)
		if values == nil {
			values = map[string]types.AttributeValue{}
		}
		values[":new"] = number(in.new)
		_, err := db.UpdateItem(r.Context(), &dynamodb.UpdateItemInput{TableName: table, Key: key(in.register), UpdateExpression: aws.String("SET v = :new"), ConditionExpression: cond, ExpressionAttributeValues: values})
		var failed *types.ConditionalCheckFailedException
		if errors.As(err, &failed) {
			return out, nil
		}
		return output{done: err == nil}, err
	}
	return r.transfer(db, in)
}

// transfer sets one register and counts up another if a third has a value. The third
// may be the second: then the condition is its update's own.
func (r *run) transfer(db *dynamodb.Client, in input) (out output, err error) {
	table := aws.String("registers")
	cond, values := condition(in.old)
	counted := (in.other + 1) % registers
	add := &types.Update{TableName: table, Key: key(counted), UpdateExpression: aws.String("ADD v :one"), ExpressionAttributeValues: map[string]types.AttributeValue{":one": number(1)}}
	items := []types.TransactWriteItem{
		{Update: &types.Update{TableName: table, Key: key(in.other), UpdateExpression: aws.String("SET v = :new"), ExpressionAttributeValues: map[string]types.AttributeValue{":new": number(in.new)}}},
		{Update: add},
	}
	if counted == in.register {
		add.ConditionExpression = cond
		for name, v := range values {
			add.ExpressionAttributeValues[name] = v
		}
	} else {
		items = append(items, types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{TableName: table, Key: key(in.register), ConditionExpression: cond, ExpressionAttributeValues: values}})
	}
	_, err = db.TransactWriteItems(r.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: items})
	var canceled *types.TransactionCanceledException
	if errors.As(err, &canceled) {
		return out, nil
	}
	return output{done: err == nil}, err
}

func TestTheCheckFindsAStaleRead(t *testing.T) {
	add := porcupine.Operation{Input: input{kind: "add"}, Output: output{values: state{1}}, Call: 1, Return: 2}
	read := func(v int, from int64) porcupine.Operation {
		return porcupine.Operation{Input: input{kind: "read"}, Output: output{values: state{v}}, Call: from, Return: 4}
	}
	if !porcupine.CheckOperations(model(), []porcupine.Operation{add, read(1, 3)}) || !porcupine.CheckOperations(model(), []porcupine.Operation{add, read(0, 1)}) {
		t.Error("a history that is linearizable is refused")
	}
	if porcupine.CheckOperations(model(), []porcupine.Operation{add, read(0, 3)}) {
		t.Error("a read of what was before an earlier write is not found")
	}
}
