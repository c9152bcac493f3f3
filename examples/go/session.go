package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	pb "gymbridge.example/gymbridge/v1"
)

const timeout = 30 * time.Second

// Session is one environment on a server, with observations in a Box of float32 and actions in a Discrete space.
// Not for use by several goroutines at a time.
type Session struct {
	Spec       *pb.EnvironmentSpec
	supervisor *grpc.ClientConn
	worker     *grpc.ClientConn
	id         string
	stream     pb.EnvironmentService_InteractClient
	stop       context.CancelFunc
	// Numbers the requests: the server executes each once and answers it with its number.
	sequence uint64
}

// Open opens a session of one environment and attaches to its only shard.
func Open(address, envID string) (*Session, error) {
	supervisor, err := dial(address)
	if err != nil {
		return nil, err
	}
	session := &Session{supervisor: supervisor}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	opened, err := pb.NewEnvironmentServiceClient(supervisor).OpenSession(ctx, &pb.OpenSessionRequest{
		ProtocolRevision: 1,
		EnvId:            envID,
		NumEnvs:          1,
		// Ended episodes are begun anew by Reset, with a seed.
		AutoresetMode: pb.AutoresetMode_AUTORESET_MODE_DISABLED,
		InfoMode:      pb.InfoMode_INFO_MODE_NONE,
	})
	if err != nil {
		supervisor.Close()
		return nil, fmt.Errorf("opening %s at %s: %w", envID, address, err)
	}
	session.id, session.Spec = opened.SessionId, opened.Spec
	if err := session.attach(address, opened.Shards[0]); err != nil {
		session.Close()
		return nil, err
	}
	return session, nil
}

func (s *Session) attach(address string, shard *pb.Shard) error {
	if box := s.Spec.ObservationSpace.GetBox(); box == nil || box.Dtype != pb.DType_DTYPE_FLOAT32 {
		return errors.New("this example knows observations of float32 only")
	}
	if s.Spec.ActionSpace.GetDiscrete() == nil {
		return errors.New("this example knows discrete actions only")
	}
	s.worker = s.supervisor
	if target := resolve(address, shard.Address); target != address {
		var err error
		if s.worker, err = dial(target); err != nil {
			return err
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	var err error
	if s.stream, err = pb.NewEnvironmentServiceClient(s.worker).Interact(ctx); err != nil {
		return err
	}
	response, err := s.exchange(&pb.InteractRequest{
		Request: &pb.InteractRequest_Attach{Attach: &pb.AttachRequest{Token: shard.Token}},
	})
	if err == nil && response.GetAttached() == nil {
		err = errors.New("the server did not attach the stream")
	}
	return err
}

// Reset begins an episode; its first observation.
func (s *Session) Reset(seed int64) ([]float32, error) {
	s.sequence++
	response, err := s.exchange(&pb.InteractRequest{
		Sequence:     s.sequence,
		Acknowledged: s.sequence - 1,
		Request: &pb.InteractRequest_Reset_{Reset_: &pb.ResetRequest{
			Seeds: binary.LittleEndian.AppendUint64(nil, uint64(seed)),
		}},
	})
	if err != nil {
		return nil, err
	}
	return floats(response.GetReset_().GetObservations())
}

// Step takes an action: the observation, the reward, and whether the episode has ended.
func (s *Session) Step(action int64) ([]float32, float64, bool, error) {
	s.sequence++
	response, err := s.exchange(&pb.InteractRequest{
		Sequence:     s.sequence,
		Acknowledged: s.sequence - 1,
		Request: &pb.InteractRequest_Step{Step: &pb.StepRequest{
			Actions: &pb.Buffers{Buffers: [][]byte{binary.LittleEndian.AppendUint64(nil, uint64(action))}},
		}},
	})
	if err != nil {
		return nil, 0, false, err
	}
	step := response.GetStep()
	if len(step.GetRewards()) != 8 || len(step.Terminated) != 1 || len(step.Truncated) != 1 {
		return nil, 0, false, errors.New("the server's step does not have one lane")
	}
	observation, err := floats(step.Observations)
	reward := math.Float64frombits(binary.LittleEndian.Uint64(step.Rewards))
	return observation, reward, step.Terminated[0]|step.Truncated[0] != 0, err
}

// exchange sends one request and waits for its response.
func (s *Session) exchange(request *pb.InteractRequest) (*pb.InteractResponse, error) {
	if err := s.stream.Send(request); err != nil {
		// Receiving tells why.
		_, err = s.stream.Recv()
		return nil, err
	}
	response, err := s.stream.Recv()
	if err != nil {
		return nil, err
	}
	if status := response.GetError(); status != nil {
		return nil, fmt.Errorf("the server refused: %s", status.Message)
	}
	return response, nil
}

// Close ends the session and the connections.
func (s *Session) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	pb.NewEnvironmentServiceClient(s.supervisor).CloseSession(ctx, &pb.CloseSessionRequest{SessionId: s.id})
	if s.stop != nil {
		s.stop()
	}
	if s.worker != nil && s.worker != s.supervisor {
		s.worker.Close()
	}
	s.supervisor.Close()
}

// floats reads one observation.
func floats(buffers *pb.Buffers) ([]float32, error) {
	if len(buffers.GetBuffers()) != 1 || len(buffers.Buffers[0])%4 != 0 {
		return nil, errors.New("the server's observation is not one buffer of float32")
	}
	data := buffers.Buffers[0]
	values := make([]float32, len(data)/4)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return values, nil
}

func dial(address string) (*grpc.ClientConn, error) {
	return grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
}

// resolve gives a shard's own address: empty is the dialled one, ":port" is on the same host.
func resolve(dialled, own string) string {
	if own == "" {
		return dialled
	}
	if strings.HasPrefix(own, ":") {
		return dialled[:strings.LastIndex(dialled, ":")] + own
	}
	return own
}
