package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"

	pb "gymbridge.example/gymbridge/v1"
)

const version = "balance-1"

// expert serves the controller as a policy. It keeps no state, so any number of calls may run at a time.
type expert struct {
	pb.UnimplementedPolicyServiceServer
	spec *pb.EnvironmentSpec
}

// serveExpert serves the controller under the name "balance" until it is told to end.
func serveExpert(address, envAddress, envID string) error {
	session, err := Open(envAddress, envID)
	if err != nil {
		return err
	}
	spec := session.Spec
	session.Close()
	network, name := "tcp", address
	if path, isUnix := strings.CutPrefix(address, "unix:"); isUnix {
		network, name = "unix", path
	}
	listener, err := net.Listen(network, name)
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	pb.RegisterPolicyServiceServer(server, &expert{spec: spec})
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		<-signals
		server.Stop()
	}()
	if network == "tcp" {
		address = listener.Addr().String()
	}
	fmt.Printf("gymbridge: listening on %s\n", address)
	return server.Serve(listener)
}

func (e *expert) ListPolicies(context.Context, *pb.ListPoliciesRequest) (*pb.ListPoliciesResponse, error) {
	policies := []*pb.PolicySummary{{Name: "balance", Version: version}}
	return &pb.ListPoliciesResponse{Policies: policies, ServerVersion: "gymbridge-go-example"}, nil
}

func (e *expert) DescribePolicy(_ context.Context, request *pb.DescribePolicyRequest) (*pb.DescribePolicyResponse, error) {
	if err := checkName(request.Policy); err != nil {
		return nil, err
	}
	return &pb.DescribePolicyResponse{
		Name:             "balance",
		Version:          version,
		ObservationSpace: e.spec.ObservationSpace,
		ActionSpace:      e.spec.ActionSpace,
		Provenance:       &pb.ItemMap{},
	}, nil
}

// Act answers a batch: float32 observations (N, 4) in, int64 actions (N) out.
func (e *expert) Act(_ context.Context, request *pb.ActRequest) (*pb.ActResponse, error) {
	if err := checkName(request.Policy); err != nil {
		return nil, err
	}
	buffers := request.GetObservations().GetBuffers()
	n := int(request.BatchSize)
	if n < 1 || len(buffers) != 1 || len(buffers[0]) != n*16 {
		return nil, grpcstatus.Errorf(codes.InvalidArgument,
			"got %d buffers for %d observations, expected one of %d bytes", len(buffers), n, n*16)
	}
	actions := make([]byte, 0, n*8)
	observation := make([]float32, 4)
	for row := 0; row < n; row++ {
		for i := range observation {
			observation[i] = math.Float32frombits(binary.LittleEndian.Uint32(buffers[0][row*16+i*4:]))
		}
		actions = binary.LittleEndian.AppendUint64(actions, uint64(balance(observation)))
	}
	return &pb.ActResponse{Actions: &pb.Buffers{Buffers: [][]byte{actions}}, Version: version}, nil
}

// ActStream is Act for a control loop; a request that fails is answered with its error, and the stream goes on.
func (e *expert) ActStream(stream pb.PolicyService_ActStreamServer) error {
	for {
		request, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		response := &pb.ActStreamResponse{Sequence: request.Sequence}
		acted, err := e.Act(stream.Context(), request.Act)
		if err != nil {
			failed := grpcstatus.Convert(err)
			response.Response = &pb.ActStreamResponse_Error{
				Error: &status.Status{Code: int32(failed.Code()), Message: failed.Message()},
			}
		} else {
			response.Response = &pb.ActStreamResponse_Acted{Acted: acted}
		}
		if err := stream.Send(response); err != nil {
			return err
		}
	}
}

func checkName(name string) error {
	if name != "" && name != "balance" {
		return grpcstatus.Errorf(codes.NotFound, "there is no policy %q; there is \"balance\"", name)
	}
	return nil
}
