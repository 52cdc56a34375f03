// Reads OpenAPI documents with the parser of the Java world and prints what it complains about; nothing means that it is content.
import io.swagger.v3.parser.OpenAPIV3Parser;
import io.swagger.v3.parser.core.models.ParseOptions;
import io.swagger.v3.parser.core.models.SwaggerParseResult;
import java.nio.file.Files;
import java.nio.file.Path;

class Read {
    public static void main(String[] paths) throws Exception {
        ParseOptions options = new ParseOptions();
        options.setResolve(true);
        options.setResolveFully(true);
        for (String path : paths) {
            SwaggerParseResult read = new OpenAPIV3Parser().readContents(Files.readString(Path.of(path)), null, options);
            if (read.getOpenAPI() == null) {
                System.out.println(path + ": not readable");
            }
            for (String message : read.getMessages()) {
                System.out.println(path + ": " + message);
            }
        }
    }
}
