package io.gymbridge.envs;

import io.gymbridge.core.Discrete;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Tuple;
import io.gymbridge.core.TupleValue;
import io.gymbridge.core.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Gymnasium's {@code Blackjack-v1}: stick (0) or hit (1) against a dealer who draws to 17, with an
 * endless deck. Observed are the player's sum, the dealer's open card (ace is 1) and whether the
 * player has an ace that counts 11.
 *
 * <p>Sutton and Barto (2020), "Reinforcement Learning: An Introduction", example 5.1.
 *
 * <p>Keyword arguments: {@code sab}, by default true: the book's rules, by which a natural (ace and
 * ten) beats a dealer without one. {@code natural}, by default false: without {@code sab}, winning
 * with a natural is worth 1.5.
 */
final class Blackjack extends LocalEnv {
  private static final int DECK = 13;

  private final boolean sab;
  private final boolean natural;
  private List<Integer> player = new ArrayList<>();
  private List<Integer> dealer = new ArrayList<>();
  // Of the dealer's open card, for the picture: clubs, diamonds, hearts, spades; jack, queen, king.
  private int suit;
  private int face;

  Blackjack(Registration registration, Kwargs kwargs) {
    super(
        registration.spec(
            new Tuple(List.of(new Discrete(32), new Discrete(11), new Discrete(2))),
            new Discrete(2),
            4,
            "rgb_array"));
    sab = kwargs.flag("sab", false);
    natural = kwargs.flag("natural", false);
  }

  @Override
  Reset begin(Map<String, ?> options) {
    dealer = new ArrayList<>(List.of(draw(), draw()));
    player = new ArrayList<>(List.of(draw(), draw()));
    suit = random.integers(4);
    face = dealer.get(0) == 10 ? random.integers(3) : 0;
    return new Reset(observation(), Map.of());
  }

  /** A card's worth: ace is 1, jack, queen and king are 10. */
  private int draw() {
    return Math.min(10, 1 + random.integers(DECK));
  }

  /** Deals two hands; the generator is left alone. */
  void restore(List<Integer> newPlayer, List<Integer> newDealer) {
    player = new ArrayList<>(newPlayer);
    dealer = new ArrayList<>(newDealer);
  }

  @Override
  public Step step(Value action) {
    if (action.array().getLong(0) == 1) {
      player.add(draw());
      boolean bust = sum(player) > 21;
      return new Step(observation(), bust ? -1 : 0, bust, false, Map.of());
    }
    while (sum(dealer) < 17) {
      dealer.add(draw());
    }
    return new Step(observation(), payout(), true, false, Map.of());
  }

  private double payout() {
    int dealers = sum(dealer) > 21 ? 0 : sum(dealer);
    double reward = Integer.compare(sum(player), dealers);
    boolean isNatural = isNatural(player);
    if (sab && isNatural && !isNatural(dealer)) {
      return 1;
    }
    return !sab && natural && isNatural && reward == 1 ? 1.5 : reward;
  }

  private static boolean isNatural(List<Integer> hand) {
    return hand.size() == 2 && hand.contains(1) && hand.contains(10);
  }

  private static boolean hasUsableAce(List<Integer> hand) {
    return hand.contains(1) && total(hand) + 10 <= 21;
  }

  private static int total(List<Integer> hand) {
    return hand.stream().mapToInt(Integer::intValue).sum();
  }

  private static int sum(List<Integer> hand) {
    return total(hand) + (hasUsableAce(hand) ? 10 : 0);
  }

  private Value observation() {
    return new TupleValue(
        List.of(scalar(sum(player)), scalar(dealer.get(0)), scalar(hasUsableAce(player) ? 1 : 0)));
  }

  private static NdArray scalar(long number) {
    return NdArray.of(new long[] {number});
  }

  @Override
  public NdArray render() {
    int open = dealer.isEmpty() ? 1 : dealer.get(0);
    return BlackjackPicture.draw(sum(player), open, hasUsableAce(player), suit, face);
  }

  @Override
  void exchange(EnvState state) {
    player = exchange(state, player);
    dealer = exchange(state, dealer);
    suit = state.integer(suit, 0, 3);
    face = state.integer(face, 0, 2);
  }

  private static List<Integer> exchange(EnvState state, List<Integer> hand) {
    int size = state.integer(hand.size(), 0, 32);
    List<Integer> cards = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      cards.add(state.integer(i < hand.size() ? hand.get(i) : 1, 1, 10));
    }
    return cards;
  }
}
