package kvtest

import (
	"fmt"

	"github.com/brume-cloud/brume/state/kv"
)

type person struct {
	Name string `kv:"1"`
	City string `kv:"2"`
	Age  int    `kv:"3"`
}

func tables(b *bench) {
	byCity := kv.Index[person]{Name: "city", Key: func(p *person) ([]kv.Part, bool) {
		return []kv.Part{kv.String(p.City), kv.Int(int64(p.Age))}, p.City != ""
	}}
	people := kv.Table[person]{Name: "test.person", Indexes: []kv.Index[person]{byCity}}
	sc := kv.Scope{Account: "000000000000", Region: "us-east-1"}
	in := func(tx kv.Tx, city string) (names []string) {
		for k, p := range people.ScanBy(tx, kv.Prefix(people.IndexPrefix(&byCity, sc, kv.String(city)))) {
			parts := people.Parts(k)
			if parts.String() != p.Name || parts.More() {
				b.Errorf("%v has the record of %s", k, p.Name)
			}
			names = append(names, p.Name)
		}
		return names
	}
	b.update(func(tx kv.Tx) {
		for _, p := range []person{{"Ada", "London", 36}, {"Alan", "London", 30}, {"Kurt", "Brno", 20}, {"Emmy", "", 50}} {
			people.Put(tx, people.Key(sc, kv.String(p.Name)), &p)
		}
		if got := fmt.Sprint(in(tx, "London")); got != "[Alan Ada]" {
			b.Errorf("in London: %v", got)
		}
	})
	b.update(func(tx kv.Tx) {
		k := people.Key(sc, kv.String("Kurt"))
		p, ok := people.Get(tx, k)
		if !ok || p.City != "Brno" {
			b.Fatalf("Kurt: %v %v", p, ok)
		}
		p.City = "London"
		people.Put(tx, k, p)
		people.Delete(tx, people.Key(sc, kv.String("Ada")))
	})
	b.view(func(tx kv.Tx) {
		if got := fmt.Sprint(in(tx, "London"), in(tx, "Brno")); got != "[Kurt Alan] []" {
			b.Errorf("in London and Brno: %v", got)
		}
		if _, p, ok := people.GetBy(tx, &byCity, sc, kv.String("London"), kv.Int(30)); !ok || p.Name != "Alan" {
			b.Errorf("GetBy: %v %v", p, ok)
		}
	})
	b.update(func(tx kv.Tx) { people.DeleteAll(tx, people.Prefix(sc)) })
	b.want()
}
