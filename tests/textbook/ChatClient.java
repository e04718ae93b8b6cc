import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A client in the manner of the textbook's Java ones: println after each frame, whose newline travels in a packet
 * of its own, and readLine for everything that comes, the answer to the login included. Kept as naive as those
 * are: that is what the server must get along with.
 *
 * <pre>java ChatClient HOST PORT NAME [ANOTHER NAME]...      //bob:hello whispers, everything else is said</pre>
 */
public class ChatClient {
    static final String USER_MARK = "∏∑";
    static final String SAY_MARK = "§γ";
    static final String WHISPER_MARK = "★【";
    static final String SPLIT_SIGN = "※";
    static final String WELCOME = "1";
    static final String NAME_TAKEN = "-1";

    public static void main(String[] args) throws IOException {
        PrintStream screen = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        Socket socket = new Socket(args[0], Integer.parseInt(args[1]));
        socket.setTcpNoDelay(true);
        PrintStream toServer = new PrintStream(socket.getOutputStream(), true, StandardCharsets.UTF_8);
        BufferedReader fromServer = reader(socket.getInputStream());

        logIn(Arrays.copyOfRange(args, 2, args.length), toServer, fromServer, screen);

        Thread listener = new Thread(() -> listen(fromServer, screen));
        listener.setDaemon(true);
        listener.start();

        BufferedReader keyboard = reader(System.in);
        String line;
        while ((line = keyboard.readLine()) != null) {
            int colon = line.indexOf(':');
            if (line.startsWith("//") && colon > 0) {
                String to = line.substring(2, colon);
                toServer.println(WHISPER_MARK + to + SPLIT_SIGN + line.substring(colon + 1) + WHISPER_MARK);
            } else {
                toServer.println(SAY_MARK + line + SAY_MARK);
            }
        }
        socket.close();
    }

    static void logIn(String[] names, PrintStream toServer, BufferedReader fromServer, PrintStream screen)
            throws IOException {
        for (String name : names) {
            toServer.println(USER_MARK + name + USER_MARK);
            String answer = fromServer.readLine();
            if (WELCOME.equals(answer)) {
                screen.println("logged in as " + name);
                return;
            }
            if (!NAME_TAKEN.equals(answer)) {
                throw new IOException("neither welcome nor taken: " + answer);
            }
            screen.println("taken: " + name);
        }
        throw new IOException("no name is left to try");
    }

    static void listen(BufferedReader fromServer, PrintStream screen) {
        try {
            String line;
            while ((line = fromServer.readLine()) != null) {
                screen.println(line);
            }
        } catch (IOException closed) {
            // The main thread has hung up.
        }
    }

    static BufferedReader reader(java.io.InputStream stream) {
        return new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8));
    }
}
