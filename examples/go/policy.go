package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"google.golang.org/grpc"

	pb "gymbridge.example/gymbridge/v1"
)

// Policy is a policy on a server, asked on one stream. Not for use by several goroutines at a time.
type Policy struct {
	connection *grpc.ClientConn
	stream     pb.PolicyService_ActStreamClient
	stop       context.CancelFunc
	name       string
	sequence   uint64
	// Version is the one that answered last.
	Version string
}

// OpenPolicy finds a policy of observations in a Box of float32 and actions in a Discrete space.
func OpenPolicy(address, name string) (*Policy, error) {
	connection, err := dial(address)
	if err != nil {
		return nil, err
	}
	client := pb.NewPolicyServiceClient(connection)
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	described, err := client.DescribePolicy(ctx, &pb.DescribePolicyRequest{Policy: name})
	if err == nil && (described.ObservationSpace.GetBox().GetDtype() != pb.DType_DTYPE_FLOAT32 ||
		described.ActionSpace.GetDiscrete() == nil) {
		err = errors.New("this example knows observations of float32 and discrete actions only")
	}
	if err != nil {
		connection.Close()
		return nil, fmt.Errorf("describing the policy %q at %s: %w", name, address, err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stream, err := client.ActStream(ctx)
	if err != nil {
		stop()
		connection.Close()
		return nil, err
	}
	return &Policy{connection: connection, stream: stream, stop: stop, name: described.Name}, nil
}

// Act is the most likely action for an observation. An episode keeps the version of the policy that it begins with.
func (p *Policy) Act(observation []float32, begins bool) (int64, error) {
	p.sequence++
	bytes := make([]byte, 0, 4*len(observation))
	for _, number := range observation {
		bytes = binary.LittleEndian.AppendUint32(bytes, math.Float32bits(number))
	}
	request := &pb.ActRequest{
		Policy:        p.name,
		BatchSize:     1,
		Observations:  &pb.Buffers{Buffers: [][]byte{bytes}},
		Deterministic: true,
	}
	if begins {
		request.EpisodeStarts = []byte{1}
	}
	if err := p.stream.Send(&pb.ActStreamRequest{Sequence: p.sequence, Act: request}); err != nil {
		return 0, err
	}
	response, err := p.stream.Recv()
	if err != nil {
		return 0, err
	}
	if failure := response.GetError(); failure != nil {
		return 0, errors.New(failure.Message)
	}
	acted := response.GetActed()
	p.Version = acted.GetVersion()
	buffers := acted.GetActions().GetBuffers()
	if len(buffers) != 1 || len(buffers[0]) != 8 {
		return 0, errors.New("the server's answer is not one action")
	}
	return int64(binary.LittleEndian.Uint64(buffers[0])), nil
}

// Close ends the stream and the connection.
func (p *Policy) Close() {
	p.stop()
	p.connection.Close()
}
