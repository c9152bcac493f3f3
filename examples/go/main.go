// A client of gymbridge in Go: it drives a CartPole environment that any gymbridge server offers, and serves its own
// controller as an expert that any gymbridge learner can ask.
//
//	go run . drive  -address unix:env.sock -env CartPole-v1 -episodes 10
//	go run . drive  -address unix:env.sock -policy-address 127.0.0.1:50052 -policy cartpole
//	go run . expert -address 127.0.0.1:50060 -env-address unix:env.sock -env CartPole-v1
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("gymbridge-go: ")
	if len(os.Args) < 2 || (os.Args[1] != "drive" && os.Args[1] != "expert") {
		log.Fatal("say what to do: drive or expert, each with -help")
	}
	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	envID := flags.String("env", "CartPole-v1", "the environment's id")
	if os.Args[1] == "drive" {
		address := flags.String("address", "127.0.0.1:50051", "where the environments are served: HOST:PORT or unix:PATH")
		episodes := flags.Int("episodes", 10, "episodes to play")
		seed := flags.Int64("seed", 0, "of the first episode; then one more each")
		policyAddress := flags.String("policy-address", "", "where a policy that acts is served; without it a controller acts")
		policy := flags.String("policy", "", "that policy's name; may be left out where there is only one")
		flags.Parse(os.Args[2:])
		act := func(observation []float32, _ bool) (int64, error) { return balance(observation), nil }
		if *policyAddress != "" {
			remote, err := OpenPolicy(*policyAddress, *policy)
			if err != nil {
				log.Fatal(err)
			}
			defer remote.Close()
			act = remote.Act
		}
		if err := drive(*address, *envID, *episodes, *seed, act); err != nil {
			log.Fatal(err)
		}
		return
	}
	address := flags.String("address", "127.0.0.1:50060", "where to listen: HOST:PORT or unix:PATH")
	envAddress := flags.String("env-address", "127.0.0.1:50051", "where the environment is served, for its spaces")
	flags.Parse(os.Args[2:])
	if err := serveExpert(*address, *envAddress, *envID); err != nil {
		log.Fatal(err)
	}
}

// drive plays episodes one after the other and prints their returns. act is told whether an episode begins.
func drive(address, envID string, episodes int, seed int64, act func([]float32, bool) (int64, error)) error {
	session, err := Open(address, envID)
	if err != nil {
		return err
	}
	defer session.Close()
	total := 0.0
	for episode := 0; episode < episodes; episode++ {
		observation, err := session.Reset(seed + int64(episode))
		if err != nil {
			return err
		}
		sum := 0.0
		for ended, begins := false, true; !ended; begins = false {
			action, err := act(observation, begins)
			if err != nil {
				return err
			}
			var reward float64
			observation, reward, ended, err = session.Step(action)
			if err != nil {
				return err
			}
			sum += reward
		}
		total += sum
		fmt.Printf("episode %d: return %g\n", episode, sum)
	}
	fmt.Printf("mean return %g\n", total/float64(episodes))
	return nil
}

// balance is a controller for CartPole: it pushes towards where the pole falls, and gently back to the middle.
// The observation is the cart's position and speed, the pole's angle and its speed; the action is 0 (left) or 1.
func balance(observation []float32) int64 {
	if observation[0]*0.05+observation[1]*0.1+observation[2]+observation[3]*0.3 > 0 {
		return 1
	}
	return 0
}
