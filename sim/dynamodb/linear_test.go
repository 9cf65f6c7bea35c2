// Package dynamodb holds DynamoDB's concurrent conditional writes and
// transactions against what a table on one machine, which does one thing at a
// time, could have answered.
package dynamodb

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
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
	keys     = 3
	clients  = 6
	rounds   = 3  // with a restart between them
	steps    = 40 // of a client in a round
	checking = 30 * time.Second
)

// step is what a client asks for: reads when writes is empty.
type step struct {
	read   int
	writes []write
}

// write sets a key to a number, if it has another.
type write struct{ key, from, to int }

// result is what came of it. Of an unknown one nobody can say whether it happened.
type result struct {
	value   int
	done    bool
	unknown bool
}

// table is the state: the number that each key has, 0 for none.
type table [keys]int

// model is the table on one machine.
func model() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return table{} },
		Step: func(state, input, output any) (bool, any) {
			s, in, out := state.(table), input.(step), output.(result)
			if len(in.writes) == 0 {
				return out.unknown || s[in.read] == out.value, s
			}
			after := s
			holds := true
			for _, w := range in.writes {
				holds = holds && s[w.key] == w.from
				after[w.key] = w.to
			}
			switch {
			case out.unknown && holds:
				return true, after // or not at all: it may be as late as it likes
			case out.unknown:
				return true, s
			case out.done:
				return holds, after
			}
			return !holds, s
		},
		DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v -> %+v", input, output) },
	}
}

// history collects what clients did.
type history struct {
	mu    sync.Mutex
	began time.Time
	all   []porcupine.Operation
}

// do notes an operation. One whose outcome is unknown never returned.
func (h *history) do(client int, in step, call func() result) result {
	start := time.Since(h.began).Nanoseconds()
	out := call()
	end := time.Since(h.began).Nanoseconds()
	h.mu.Lock()
	defer h.mu.Unlock()
	if out.unknown {
		if len(in.writes) == 0 {
			return out // a read that failed says nothing
		}
		end = int64(1) << 62
	}
	h.all = append(h.all, porcupine.Operation{ClientId: client, Input: in, Call: start, Output: out, Return: end})
	return out
}

// TestConditionalWritesAreLinearizable lets clients compare and set numbers, one
// or two at a time, with faults and restarts. BRUME_SEED repeats a run's choices.
func TestConditionalWritesAreLinearizable(t *testing.T) {
	seed := rand.Uint64()
	if s := os.Getenv("BRUME_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("BRUME_SEED=%d", seed)
	c := cloudtest.Start(t, cloudtest.Dir(t.TempDir()), cloudtest.NoRetries())
	client := dynamodb.NewFromConfig(c.Config())
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("numbers"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeN}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Fault(fault.Rule{Kind: fault.Error, Service: "dynamodb", Operation: "UpdateItem", Rate: 0.1})
	h := &history{began: time.Now()}
	for round := range rounds {
		client = dynamodb.NewFromConfig(c.Config())
		var all sync.WaitGroup
		for n := range clients {
			all.Go(func() {
				w := worker{t, client, h, n, rand.New(rand.NewPCG(seed, uint64(round*clients+n)))}
				for range steps {
					w.step()
				}
			})
		}
		all.Wait()
		c.Restart()
	}
	done := 0
	for _, o := range h.all {
		if len(o.Input.(step).writes) > 0 && o.Output.(result).done {
			done++
		}
	}
	if done < steps {
		t.Errorf("only %d of %d operations wrote: the test has no teeth", done, len(h.all))
	}
	if answer := porcupine.CheckOperationsTimeout(model(), h.all, checking); answer != porcupine.Ok {
		t.Errorf("%d operations: %v", len(h.all), answer)
		for _, o := range slices.SortedFunc(slices.Values(h.all), func(a, b porcupine.Operation) int { return int(a.Call - b.Call) }) {
			t.Logf("%d at %d to %d: %+v -> %+v", o.ClientId, o.Call, o.Return, o.Input, o.Output)
		}
	}
}

// worker is one client.
type worker struct {
	*testing.T
	*dynamodb.Client
	history *history
	number  int
	*rand.Rand
}

func id(key int) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"id": number(key)}
}

func number(n int) types.AttributeValue { return &types.AttributeValueMemberN{Value: strconv.Itoa(n)} }

// step reads some keys, and sets them to other numbers if they still have those.
func (w *worker) step() {
	picked := w.Perm(keys)[:1+w.IntN(2)]
	var in step
	for _, key := range picked {
		read := w.history.do(w.number, step{read: key}, func() result { return w.read(key) })
		if read.unknown {
			return
		}
		in.writes = append(in.writes, write{key, read.value, 1 + w.IntN(1_000_000)})
	}
	w.history.do(w.number, in, func() result {
		if len(in.writes) == 1 {
			return w.outcome(w.set(in.writes[0]))
		}
		return w.outcome(w.setBoth(in.writes))
	})
}

func (w *worker) read(key int) result {
	out, err := w.GetItem(w.Context(), &dynamodb.GetItemInput{TableName: aws.String("numbers"), Key: id(key), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return result{unknown: true}
	}
	n, ok := out.Item["n"].(*types.AttributeValueMemberN)
	if !ok {
		return result{}
	}
	value, err := strconv.Atoi(n.Value)
	if err != nil {
		w.Error(err)
	}
	return result{value: value}
}

// condition is that a key has a number, and the values that it names.
func condition(from int) (*string, map[string]types.AttributeValue) {
	if from == 0 {
		return aws.String("attribute_not_exists(n)"), nil
	}
	return aws.String("n = :from"), map[string]types.AttributeValue{":from": number(from)}
}

func (w *worker) set(c write) error {
	if_, values := condition(c.from)
	values = maps.Clone(values)
	if values == nil {
		values = map[string]types.AttributeValue{}
	}
	values[":to"] = number(c.to)
	_, err := w.UpdateItem(w.Context(), &dynamodb.UpdateItemInput{
		TableName: aws.String("numbers"), Key: id(c.key), UpdateExpression: aws.String("SET n = :to"), ConditionExpression: if_, ExpressionAttributeValues: values,
	})
	return err
}

func (w *worker) setBoth(both []write) error {
	in := &dynamodb.TransactWriteItemsInput{}
	for _, c := range both {
		item := id(c.key)
		item["n"] = number(c.to)
		if_, values := condition(c.from)
		in.TransactItems = append(in.TransactItems, types.TransactWriteItem{Put: &types.Put{TableName: aws.String("numbers"), Item: item, ConditionExpression: if_, ExpressionAttributeValues: values}})
	}
	_, err := w.TransactWriteItems(w.Context(), in)
	return err
}

// outcome is what an error says of a write.
func (w *worker) outcome(err error) result {
	var failed *types.ConditionalCheckFailedException
	var canceled *types.TransactionCanceledException
	switch {
	case err == nil:
		return result{done: true}
	case errors.As(err, &failed), errors.As(err, &canceled):
		return result{}
	}
	return result{unknown: true}
}
