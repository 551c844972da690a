package chain_test

import (
	"strings"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/golden"
	"doin.network/node/internal/timestamp"
)

// expect compares one member of a case's expectation with what was computed.
func expect(t *testing.T, c golden.Case, key string, got any) {
	t.Helper()
	want, ok := c.Expected.Get(key)
	if !ok {
		t.Errorf("the case expects no %s", key)
	} else if !canon.Equal(want, got) {
		t.Errorf("%s = %s, want %s", key, canon.Default(got), canon.Default(want))
	}
}

// in reads an input and fails the test if it is not there.
func in[T any](t *testing.T, get func(string) (T, error), key string) T {
	t.Helper()
	v, err := get(key)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func timeOf(t *testing.T, o *canon.Object, key string) timestamp.Time {
	t.Helper()
	v, _ := o.Get(key)
	ts, err := timestamp.Parse(v)
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

func wire(o *canon.Object) string { return string(canon.Default(o)) }

func TestVectors(t *testing.T) {
	golden.Run(t, "transaction_ids", transactionIDs)
	golden.Run(t, "block_hashes", blockHashes)
	golden.Run(t, "merkle_roots", func(t *testing.T, c golden.Case) {
		var leaves []string
		for _, v := range in(t, c.Inputs.List, "leaves") {
			s, err := canon.AsString(v)
			if err != nil {
				t.Fatal(err)
			}
			leaves = append(leaves, s)
		}
		before := strings.Join(leaves, " ")
		expect(t, c, "root", chain.MerkleRoot(leaves))
		if strings.Join(leaves, " ") != before {
			t.Error("MerkleRoot changed its argument")
		}
	})
	golden.Run(t, "commitments", func(t *testing.T, c golden.Case) {
		parameters, nonce := in(t, c.Inputs.Object, "parameters"), in(t, c.Inputs.String, "nonce")
		expect(t, c, "preimage", string(canon.Canonical(parameters))+":"+nonce)
		expect(t, c, "commitment", chain.Commitment(parameters, nonce))
	})
	golden.Run(t, "deterministic_seeds", func(t *testing.T, c golden.Case) {
		str := func(key string) string { return in(t, c.Inputs.String, key) }
		commitment, domain := str("commitment_hash"), str("domain_id")
		expect(t, c, "derive_seed", chain.DeterministicSeed(commitment, domain, str("salt")))
		expect(t, c, "optimae_seed", chain.DeterministicSeed(commitment, domain, ""))
		expect(t, c, "synthetic_data_seed",
			chain.DeterministicSeed(commitment, domain, chain.SyntheticSalt(str("evaluator_id"), str("chain_tip_hash"))))
		round := canon.Default(in(t, c.Inputs.Int, "evaluation_round"))
		expect(t, c, "evaluation_seed", chain.DeterministicSeed(commitment, domain, string(round)))
	})
	golden.Run(t, "other_ids", otherIDs)
	golden.Run(t, "messages", messages)
}

func transactionIDs(t *testing.T, c golden.Case) {
	tx, err := chain.TxFromObject(c.Inputs)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, c, "id", tx.ID)
	expect(t, c, "wire", wire(tx.Object()))
	if preimage, ok := c.Expected.Get("preimage"); ok {
		o, err := canon.ParseObject([]byte(preimage.(string)))
		if err != nil || canon.Hash(o) != tx.ComputeID() {
			t.Errorf("id is not that of the pre-image: %v", err)
		}
	}
	if given, _ := c.Inputs.StringOr("id", ""); given == "" || given == tx.ComputeID() {
		if err := tx.ValidateBasic(); err != nil {
			t.Errorf("ValidateBasic() = %v", err)
		}
	} else if tx.ValidateBasic() == nil {
		t.Errorf("ValidateBasic accepts the foreign id %q", given)
	}
	back, err := canon.ParseObject(canon.Default(tx.Object()))
	if err != nil {
		t.Fatal(err)
	}
	again, err := chain.TxFromObject(back)
	if err != nil || wire(again.Object()) != wire(tx.Object()) {
		t.Errorf("round trip: %v", err)
	}
}

func blockHashes(t *testing.T, c golden.Case) {
	b := chain.GenesisBlock()
	if c.Inputs.Has("index") {
		header, err := chain.HeaderFromObject(c.Inputs)
		if err != nil {
			t.Fatal(err)
		}
		b.Header = header
	} else {
		b.Header.GeneratorID = in(t, c.Inputs.String, "generator_id")
	}
	b.Hash = b.Header.ComputeHash()
	expect(t, c, "hash", b.Hash)
	if text, ok := c.Expected.Get("wire"); ok {
		o, err := canon.ParseObject([]byte(text.(string)))
		if err != nil {
			t.Fatal(err)
		}
		back, err := chain.BlockFromObject(o)
		if err != nil {
			t.Fatal(err)
		}
		expect(t, c, "wire", wire(back.Object()))
		expect(t, c, "hash", back.ComputeHash())
		back.Transactions = b.Transactions
		if got := wire(b.Object()); !o.Has("transactions") || got != wire(back.Object()) {
			t.Errorf("block = %s, want %s", got, wire(back.Object()))
		}
	}
	if c.Name == "genesis" {
		expect(t, c, "hash", chain.GenesisHash)
	}
}

func otherIDs(t *testing.T, c golden.Case) {
	str := func(key string) string { return in(t, c.Inputs.String, key) }
	float := func(key string) float64 { return in(t, c.Inputs.Float, key) }
	switch c.Kind {
	case "optimae":
		expect(t, c, "id", chain.OptimaeID(str("domain_id"), str("optimizer_id"),
			in(t, c.Inputs.Object, "parameters"), timeOf(t, c.Inputs, "timestamp")))
	case "task":
		expect(t, c, "id", chain.TaskID(str("task_type"), str("domain_id"), str("requester_id"),
			in(t, c.Inputs.Object, "parameters"), timeOf(t, c.Inputs, "created_at")))
	case "transfer":
		expect(t, c, "id", chain.TransferID(str("sender"), str("recipient"), float("amount"), float("fee"),
			in(t, c.Inputs.Int, "nonce")))
	case "coinbase":
		var outputs []chain.CoinbaseOutput
		for _, v := range in(t, c.Inputs.List, "outputs") {
			o, err := canon.AsObject(v)
			if err != nil {
				t.Fatal(err)
			}
			outputs = append(outputs, chain.CoinbaseOutput{
				Recipient: in(t, o.String, "recipient"), Amount: in(t, o.Float, "amount")})
		}
		expect(t, c, "id", chain.CoinbaseID(in(t, c.Inputs.Int, "block_index"), float("block_reward"), outputs))
	case "payment_update":
		expect(t, c, "state_hash", chain.ChannelStateHash(str("channel_id"), in(t, c.Inputs.Int, "nonce"),
			float("sender_balance"), float("receiver_balance")))
	default:
		t.Fatalf("unknown kind %q", c.Kind)
	}
}

func messages(t *testing.T, c golden.Case) {
	object := in(t, c.Inputs.Object, "message")
	m, err := chain.MessageFromObject(object)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, c, "wire_plain", wire(m.Object()))
	expect(t, c, "wire_gossip_envelope", wire(canon.NewObject("type", "message", "data", m.Object())))
	expect(t, c, "gossip_message_id", chain.GossipID(m))
	expect(t, c, "flood_message_id", chain.FloodID(m))
	expect(t, c, "topic", chain.Topic(m.Type))
	expect(t, c, "forward_ttl", m.TTL-1)
	if err := m.ValidateBasic(); err != nil {
		t.Errorf("ValidateBasic() = %v", err)
	}
	body := string(m.SigningBody())
	m.Payload = m.Payload.Clone()
	for key, v := range in(t, c.Inputs.Object, "transport_metadata").All() {
		m.Payload.Set(key, v)
	}
	expect(t, c, "gossip_message_id_with_metadata", chain.GossipID(m))
	expect(t, c, "flood_message_id_with_metadata", chain.FloodID(m))
	if string(m.SigningBody()) != body {
		t.Error("the metadata changes what is signed")
	}
	allTypes(t, c.File)
}

// allTypes checks the lists beside the cases: every type of the reference is known to us, with its
// topic.
func allTypes(t *testing.T, file *canon.Object) {
	t.Helper()
	topics := in(t, file.Object, "topics")
	other := in(t, file.String, "default_topic")
	for _, v := range in(t, file.List, "all_message_types") {
		msgType, _ := canon.AsString(v)
		want, err := topics.StringOr(msgType, other)
		if err != nil || !chain.KnownMsgType(msgType) || chain.Topic(msgType) != want {
			t.Errorf("message type %q: known %v, topic %q, want %q", msgType, chain.KnownMsgType(msgType), chain.Topic(msgType), want)
		}
	}
	if got := chain.Topic("no such type"); got != other || chain.KnownMsgType("no such type") {
		t.Errorf("an unknown type has topic %q, want %q", got, other)
	}
	for _, v := range in(t, file.List, "all_transaction_types") {
		if txType, _ := canon.AsString(v); !chain.KnownTxType(txType) {
			t.Errorf("transaction type %q is unknown", txType)
		}
	}
}
