package io.gymbridge.cli;

import io.gymbridge.core.NdArray;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.ImageOutputStream;

/** An animated GIF in the making: frames side by side, each with its caption. */
final class Animation implements AutoCloseable {
  private static final int CAPTION_HEIGHT = 22;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final ImageWriter writer = ImageIO.getImageWritersByFormatName("gif").next();
  private final ImageOutputStream output;
  private final int delayMillis;
  private boolean first = true;

  Animation(double framesPerSecond) throws IOException {
    this.delayMillis = (int) Math.round(1000 / framesPerSecond);
    this.output = ImageIO.createImageOutputStream(bytes);
    writer.setOutput(output);
    writer.prepareWriteSequence(null);
  }

  /**
   * Appends one moment.
   *
   * @param captions one per picture
   * @param pictures each {@code uint8} (height, width, 3), all of one size
   */
  void add(List<String> captions, List<NdArray> pictures) throws IOException {
    BufferedImage image = sideBySide(captions, pictures);
    IIOMetadata metadata =
        writer.getDefaultImageMetadata(ImageTypeSpecifier.createFromRenderedImage(image), null);
    String format = metadata.getNativeMetadataFormatName();
    IIOMetadataNode root = (IIOMetadataNode) metadata.getAsTree(format);
    IIOMetadataNode control = child(root, "GraphicControlExtension");
    control.setAttribute("disposalMethod", "none");
    control.setAttribute("userInputFlag", "FALSE");
    control.setAttribute("transparentColorFlag", "FALSE");
    control.setAttribute("transparentColorIndex", "0");
    control.setAttribute("delayTime", String.valueOf(Math.max(2, delayMillis / 10)));
    if (first) {
      IIOMetadataNode loop = new IIOMetadataNode("ApplicationExtension");
      loop.setAttribute("applicationID", "NETSCAPE");
      loop.setAttribute("authenticationCode", "2.0");
      // Sub-block 1 with a count of 0: for ever.
      loop.setUserObject(new byte[] {1, 0, 0});
      child(root, "ApplicationExtensions").appendChild(loop);
      first = false;
    }
    metadata.setFromTree(format, root);
    writer.writeToSequence(new IIOImage(image, null, metadata), null);
  }

  /** The file's content. */
  byte[] toGif() throws IOException {
    writer.endWriteSequence();
    output.flush();
    return bytes.toByteArray();
  }

  @Override
  public void close() throws IOException {
    writer.dispose();
    output.close();
  }

  private static IIOMetadataNode child(IIOMetadataNode root, String name) {
    for (int i = 0; i < root.getLength(); i++) {
      if (root.item(i).getNodeName().equals(name)) {
        return (IIOMetadataNode) root.item(i);
      }
    }
    IIOMetadataNode child = new IIOMetadataNode(name);
    root.appendChild(child);
    return child;
  }

  private static BufferedImage sideBySide(List<String> captions, List<NdArray> pictures) {
    int height = pictures.get(0).shape()[0];
    int width = pictures.get(0).shape()[1];
    BufferedImage image =
        new BufferedImage(
            width * pictures.size(), height + CAPTION_HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, image.getWidth(), CAPTION_HEIGHT);
    graphics.setColor(Color.BLACK);
    for (int i = 0; i < pictures.size(); i++) {
      graphics.drawString(captions.get(i), i * width + 8, CAPTION_HEIGHT - 7);
      ByteBuffer pixels = pictures.get(i).data();
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          int rgb =
              (pixels.get() & 0xFF) << 16 | (pixels.get() & 0xFF) << 8 | (pixels.get() & 0xFF);
          image.setRGB(i * width + x, y + CAPTION_HEIGHT, rgb);
        }
      }
    }
    graphics.dispose();
    return image;
  }
}
